import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupsOf, prefixSums } from "../../src/core/geometry";
import { Layout } from "../../src/core/layout";
import { holdAt, positionOf } from "../../src/timeline/hold";
import { marksOf } from "../../src/timeline/marks";

const counts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 });

function layout(counts: number[], width: number, rowHeight: number): Layout {
  const starts = prefixSums(counts);
  const days = counts.map((_, i) => `${2024 - i}-06-0${(i % 9) + 1}`);
  const bytes = Uint8Array.from({ length: starts.at(-1)! }, (_, i) => 100 + ((i * 37) % 60));
  return new Layout(bytes, groupsOf(days, starts, bytes.length, "day"), {
    width,
    rowHeight,
    gap: 4,
    header: 44,
    below: 16,
    between: 20,
    narrowest: 160,
  });
}

describe("what is held while the layout changes", () => {
  it("is at the same pixel when the layout is as it was", () => {
    fc.assert(
      fc.property(counts, fc.nat(), fc.nat(1200), fc.nat(700), (counts, at, x, from) => {
        const before = layout(counts, 1200, 200);
        const y = at % Math.ceil(before.height);
        expect(positionOf(before, holdAt(before, y, x, from)!)).toBe(y);
      }),
    );
  });

  it("stays at the point of the view in any other layout", () => {
    const widths = fc.integer({ min: 200, max: 2000 });
    fc.assert(
      fc.property(counts, fc.nat(), widths, fc.integer({ min: 60, max: 400 }), (counts, at, width, rowHeight) => {
        const before = layout(counts, 1200, 200);
        const y = at % Math.ceil(before.height);
        const held = holdAt(before, y, 300, 350)!;
        const after = layout(counts, width, rowHeight);
        const { top, height } = after.rect(held.ordinal)!;
        const point = positionOf(after, held)! + held.from;
        expect(point).toBeGreaterThanOrEqual(top - 1);
        expect(point).toBeLessThanOrEqual(top + height + 1);
      }),
    );
  });

  it("is nothing where nothing is laid out", () => {
    expect(holdAt(layout([3], 0, 200), 0, 0, 0)).toBeNull();
    expect(positionOf(layout([3], 500, 200), { ordinal: 7, part: 0, from: 0 })).toBeNull();
  });
});

describe("the marks of the scrubber", () => {
  it("name years that have room, in order, and never one over another", () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 100, max: 1500 }), (counts, track) => {
        fc.pre(counts.length > 1); // one year is marked by its months
        const laid = layout(counts, 1200, 200);
        const marks = marksOf(laid, (y) => (y / laid.height) * track);
        const labeled = marks.filter((mark) => mark.label);
        expect(labeled[0]?.label).toBe("2024");
        for (let i = 1; i < labeled.length; i++) {
          expect(labeled[i]!.top - labeled[i - 1]!.top).toBeGreaterThanOrEqual(24);
          expect(Number(labeled[i]!.label) < Number(labeled[i - 1]!.label)).toBe(true);
        }
      }),
    );
  });

  it("name months where all is of one year, and the undated apart", () => {
    const starts = prefixSums([40, 40]);
    const groups = groupsOf(["2024-06-02", "2024-03-01"], starts, 100, "day");
    const laid = new Layout(new Uint8Array(100).fill(128), groups, layout([1], 900, 200).options);
    expect(marksOf(laid, (y) => y).map((mark) => mark.label)).toEqual(["Jun 2024", "Mar 2024", "Undated"]);
    expect(marksOf(layout([3], 0, 200), () => 0)).toHaveLength(1);
  });
});
