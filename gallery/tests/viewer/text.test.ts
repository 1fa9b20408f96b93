import { describe, expect, it } from "vitest";
import type { Metadata } from "../../src/viewer/details";
import {
  altitudeText,
  announcement,
  bytesText,
  cameraText,
  coordinatesText,
  exposureParts,
  failureText,
  hexOf,
  sizeText,
  wallClock,
  zoneText,
} from "../../src/viewer/text";

describe("text", () => {
  it("reads wall clocks with and without an offset", () => {
    const time = Date.UTC(2024, 3, 12, 18, 43, 51);
    expect(wallClock("2024-04-12T18:43:51.12+02:00")).toEqual({ time, offset: 120 });
    expect(wallClock("2024-04-12T18:43:51-03:30")).toEqual({ time, offset: -210 });
    expect(wallClock("2024-04-12T18:43:51Z")).toEqual({ time, offset: 0 });
    expect(wallClock("2024-04-12T18:43:51")).toEqual({ time, offset: null });
    for (const wrong of ["", "2024", "2024-13-41T18:43:51"]) expect(wallClock(wrong)).toBeNull();
  });

  it("writes exposures as photographers do", () => {
    const metadata = { f_number: 2.8, exposure_time: 0.004, iso: 400, focal_length: 35, exposure_bias: 0 };
    expect(exposureParts(metadata as Metadata)).toEqual(["f/2.8", "1/250 s", "ISO 400", "35 mm"]);
    const other = { f_number: 11, exposure_time: 2.5, iso: null, focal_length: 6.86, exposure_bias: -2 / 3 };
    expect(exposureParts(other as Metadata)).toEqual(["f/11", "2.5 s", "6.9 mm", "−0.7 EV"]);
    const none = { f_number: null, exposure_time: null, iso: null, focal_length: null, exposure_bias: null };
    expect(exposureParts(none as Metadata)).toEqual([]);
  });

  it("names a camera once", () => {
    expect(cameraText("Canon", "Canon EOS 5D Mark II")).toBe("Canon EOS 5D Mark II");
    expect(cameraText("NIKON CORPORATION", "NIKON D750")).toBe("NIKON D750");
    expect(cameraText("Apple", "iPhone 15 Pro")).toBe("Apple iPhone 15 Pro");
    expect(cameraText("SONY", "ILCE-7M3")).toBe("Sony ILCE-7M3");
    expect(cameraText("OLYMPUS IMAGING CORP.", "E-M5")).toBe("Olympus E-M5");
    expect(cameraText(null, "X100")).toBe("X100");
    expect(cameraText("GoPro", null)).toBe("GoPro");
    expect(cameraText(null, null)).toBeNull();
  });

  it("counts pixels and bytes", () => {
    expect(sizeText(6000, 4000)).toBe("6000 × 4000 · 24 MP");
    expect(sizeText(4032, 3024)).toBe("4032 × 3024 · 12 MP");
    expect(sizeText(1600, 1200)).toBe("1600 × 1200 · 1.9 MP");
    expect(sizeText(640, 480)).toBe("640 × 480 · 0.31 MP");
    expect(sizeText(0, 0)).toBeNull();
    expect([0, 1, 999, 1000, 4_237_112, 999_499, 999_500, 12_345_678_901].map(bytesText)).toEqual([
      "0 bytes",
      "1 byte",
      "999 bytes",
      "1 KB",
      "4.2 MB",
      "999 KB",
      "1 MB",
      "12 GB",
    ]);
  });

  it("writes places", () => {
    expect(coordinatesText(48.858372, -2.29448)).toBe("48.85837° N, 2.29448° W");
    expect(coordinatesText(-33.85, 151.2)).toBe("33.85000° S, 151.20000° E");
    expect([35.4, -12, 0].map(altitudeText)).toEqual(["35 m", "12 m below sea level", "0 m"]);
    expect([120, -210, 0, 345].map(zoneText)).toEqual(["UTC+2", "UTC−3:30", "UTC", "UTC+5:45"]);
  });

  it("writes checksums as sha256sum does", () => {
    expect(hexOf("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  it("announces a photo", () => {
    const time = Date.UTC(2024, 3, 12);
    expect(announcement(2, 5321, { time, place: "Paris" }, "en-US")).toBe(
      "Photo 3 of 5,321, Friday, April 12, 2024, Paris",
    );
    expect(announcement(0, 1, { kind: "Video", time: null, place: null }, "en-US")).toBe("Video 1 of 1");
  });
});

it("says once why a photo cannot be shown", () => {
  const damaged = "it is damaged, or of a kind that cannot be decoded here";
  const problems = ["a date is doubtful", `its picture cannot be shown: ${damaged}`];
  expect(failureText(problems)).toBe(`This photo cannot be shown: ${damaged}`);
  expect(failureText(["its file is missing"])).toBe("This photo cannot be shown: its file is missing");
  expect(failureText([])).toBe("This photo cannot be shown.");
});
