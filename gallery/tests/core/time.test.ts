import { describe, expect, it } from "vitest";
import { byteOf, lastAtMost, ratioOf } from "../../src/core/geometry";
import { durationText, fullDate, groupTitle, monthTitle, offsetText } from "../../src/core/time";

describe("times as text", () => {
  it.each([
    ["2024-04-12", "Fri, Apr 12, 2024"],
    ["2024-04", "April 2024"],
    ["2024", "2024"],
    ["undated", "Undated (by file time)"],
    ["what", "what"],
  ])("titles %s %s", (key, title) => expect(groupTitle(key, "en-US")).toBe(title));

  it("names months, whatever the day", () => {
    expect(monthTitle("2024-04-12", "en-US")).toBe("Apr 2024");
    expect(monthTitle("undated", "en-US")).toBe("Undated (by file time)");
  });

  it("shows wall clocks as they are, wherever the reader is", () => {
    expect(fullDate(Date.UTC(2024, 3, 12, 23, 59), "en-US")).toMatch(/^Friday, April 12, 2024 at 11:59\sPM$/);
  });

  it.each([
    [0, "+00:00"],
    [330, "+05:30"],
    [-210, "−03:30"],
    [null, ""],
  ])("writes the offset %s as %s", (minutes, text) => expect(offsetText(minutes)).toBe(text));

  it.each([
    [0, "0:00"],
    [7.4, "0:07"],
    [59.6, "1:00"],
    [3723, "1:02:03"],
  ])("writes %s seconds as %s", (seconds, text) => expect(durationText(seconds)).toBe(text));
});

describe("aspect ratios", () => {
  it.each([1, 1.5, 0.75, 16 / 9, 3, 0.2])("of %s are kept within 1.1 %%", (ratio) => {
    expect(Math.abs(ratioOf(byteOf(ratio)) / ratio - 1)).toBeLessThan(0.011);
  });

  it("are a square where they are unknown, and clamped where they are absurd", () => {
    expect([byteOf(0), byteOf(NaN), byteOf(1e9), byteOf(1e-9), ratioOf(128)]).toEqual([128, 128, 255, 0, 1]);
  });
});

describe("lastAtMost", () => {
  it("finds the last of equals, and none below the first", () => {
    expect([lastAtMost([1, 2, 2, 5], 2), lastAtMost([1, 2, 2, 5], 0), lastAtMost([1, 2, 2, 5], 9, 3)]).toEqual([
      2, -1, 2,
    ]);
  });
});
