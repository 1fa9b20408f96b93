import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearestDay, parseDate } from "../src/date";

describe("a date to go to", () => {
  it.each([
    ["2019", "2019-12-31"],
    ["2019-07", "2019-07-31"],
    ["2020-2", "2020-02-29"],
    ["2019-07-04", "2019-07-04"],
    ["2019/7/4", "2019-07-04"],
    ["201907", "2019-07-31"],
    ["20190704", "2019-07-04"],
    ["July 2019", "2019-07-31"],
    ["4 july 2019", "2019-07-04"],
    ["Jul 4, 2019", "2019-07-04"],
    ["32 july 2019", null],
    ["2019-13", null],
    ["2019-02-30", null],
    ["yesterday", null],
    ["", null],
  ])("%j is %j", (text, date) => expect(parseDate(text)).toBe(date));

  const day = fc.date({ min: new Date("1950-01-01"), max: new Date("2050-01-01"), noInvalidDate: true });
  const iso = day.map((date) => date.toISOString().slice(0, 10));

  it("leads to the nearest day that is not later, in both orders", () => {
    fc.assert(
      fc.property(fc.uniqueArray(iso, { minLength: 1, maxLength: 40 }), iso, (some, date) => {
        const ascending = some.toSorted();
        const expected = ascending.findLast((day) => day <= date) ?? ascending[0];
        expect(ascending[nearestDay(ascending, date)]).toBe(expected);
        const descending = ascending.toReversed();
        expect(descending[nearestDay(descending, date)]).toBe(expected);
      }),
    );
    expect(nearestDay([], "2019-01-01")).toBe(-1);
  });
});
