import { describe, expect, it } from "vitest";
import { lastAtMost, ratioOf } from "../../src/core/geometry";
import { durationText, fullDate, groupTitle, monthTitle } from "../../src/core/time";

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
    [0, "0:00"],
    [7.4, "0:07"],
    [59.6, "1:00"],
    [3723, "1:02:03"],
  ])("writes %s seconds as %s", (seconds, text) => expect(durationText(seconds)).toBe(text));
});

describe("aspect ratios", () => {
  it("are a square where they are unknown, and from 1/16 to 15.7", () => {
    expect([ratioOf(128), ratioOf(0), Math.round(10 * ratioOf(255)) / 10, ratioOf(160)]).toEqual([1, 1 / 16, 15.7, 2]);
  });
});

describe("lastAtMost", () => {
  it("finds the last of equals, and none below the first", () => {
    expect([lastAtMost([1, 2, 2, 5], 2), lastAtMost([1, 2, 2, 5], 0), lastAtMost([1, 2, 2, 5], 9, 3)]).toEqual([
      2, -1, 2,
    ]);
  });
});
