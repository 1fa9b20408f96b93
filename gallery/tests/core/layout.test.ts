import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupsOf, prefixSums, UNDATED, type Groups } from "../../src/core/geometry";
import { Layout, type LayoutOptions } from "../../src/core/layout";

const OPTIONS: LayoutOptions = {
  width: 1200,
  rowHeight: 200,
  gap: 4,
  header: 44,
  below: 24,
  between: 24,
  narrowest: 150,
};

const options = fc.record({
  width: fc.integer({ min: 40, max: 2600 }),
  rowHeight: fc.integer({ min: 40, max: 500 }),
  gap: fc.integer({ min: 0, max: 8 }),
  header: fc.integer({ min: 0, max: 60 }),
  below: fc.integer({ min: 0, max: 40 }),
  between: fc.integer({ min: 0, max: 40 }),
  narrowest: fc.integer({ min: 0, max: 200 }),
});
const counts = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 });

function groups(counts: number[]): Groups {
  const days = counts.map((_, i) => `2024-01-${String(i + 1).padStart(2, "0")}`);
  const starts = prefixSums(counts);
  return groupsOf(days, starts, starts[counts.length]!, "day");
}

function bytes(total: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: total }, (_, i) => ((i * 2654435761 + seed * 40503) >>> 7) & 255);
}

const layouts = fc
  .tuple(counts, options, fc.nat(1000))
  .map(([counts, options, seed]) => new Layout(bytes(prefixSums(counts).at(-1)!, seed), groups(counts), options));

describe("Layout", () => {
  it("covers every tile once, in order, inside its group and the width", () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        for (let row = 0; row < layout.rows; row++)
          expect(layout.rowFirst(row + 1)).toBeGreaterThan(layout.rowFirst(row));
        for (let ordinal = 0; ordinal < layout.total; ordinal++) {
          const rect = layout.rect(ordinal)!;
          const group = layout.groupOf(ordinal);
          const left = layout.groupLeft[group]!;
          const { narrowest, width } = layout.options;
          expect(layout.groupWidth[group]).toBeGreaterThanOrEqual(Math.min(narrowest, width) - 1);
          expect(rect.left).toBeGreaterThanOrEqual(left);
          expect(rect.left + rect.width).toBeLessThanOrEqual(Math.max(left + layout.groupWidth[group]!, 1));
          expect(left + layout.groupWidth[group]!).toBeLessThanOrEqual(layout.options.width);
          expect(rect.top).toBeGreaterThanOrEqual(layout.groupTop[group]! + layout.options.header);
          expect(rect.top + rect.height).toBeLessThanOrEqual(layout.groupBottom[group]!);
          expect(rect.top + rect.height).toBeLessThanOrEqual(layout.height);
          expect(rect.height).toBeGreaterThan(0);
        }
      }),
    );
  });

  it("lets no two tiles or groups overlap", () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        for (let ordinal = 1; ordinal < layout.total; ordinal++) {
          const a = layout.rect(ordinal - 1)!;
          const b = layout.rect(ordinal)!;
          const isBeside = a.top === b.top && a.left + a.width <= b.left;
          expect(isBeside || b.top >= a.top + a.height).toBe(true);
        }
        for (let group = 1; group < layout.groups.keys.length; group++) {
          const isBeside =
            layout.groupTop[group] === layout.groupTop[group - 1] &&
            layout.groupLeft[group]! >= layout.groupLeft[group - 1]! + layout.groupWidth[group - 1]!;
          expect(isBeside || layout.groupTop[group]! >= layout.groupBottom[group - 1]! + layout.options.below).toBe(
            true,
          );
        }
      }),
    );
  });

  it("finds what lies at a point", () => {
    fc.assert(
      fc.property(layouts, fc.nat(), (layout, pick) => {
        fc.pre(layout.total > 0);
        const ordinal = pick % layout.total;
        const { left, top, width, height } = layout.rect(ordinal)!;
        fc.pre(width > 0);
        expect(layout.tileAt(left + width / 2, top + height / 2)).toBe(ordinal);
        const row = layout.rowOf(ordinal);
        const [first, last] = layout.band(row);
        expect(row).toBeGreaterThanOrEqual(first);
        expect(row).toBeLessThanOrEqual(last);
        expect(layout.rowAt(top)).toBe(last);
      }),
    );
  });

  it("names the tiles between two positions", () => {
    fc.assert(
      fc.property(layouts, fc.nat(4000), fc.integer({ min: 1, max: 1500 }), (layout, from, height) => {
        fc.pre(layout.total > 0 && from < layout.height);
        const [start, stop] = layout.tilesBetween(from, from + height);
        for (let ordinal = 0; ordinal < layout.total; ordinal++) {
          const { top, height: own } = layout.rect(ordinal)!;
          const isBetween = top < from + height && top + own > from;
          if (isBetween) expect(start <= ordinal && ordinal < stop).toBe(true);
        }
        expect(stop).toBeGreaterThan(start);
      }),
    );
  });

  it("reaches the tile above from the tile below where both are as wide", () => {
    const squares = new Layout(new Uint8Array(100).fill(128), groups([100]), OPTIONS);
    const { left, width } = squares.rect(8)!;
    const below = squares.beyond(8, 1, left + width / 2);
    expect(squares.rect(below)!.left).toBe(left);
    expect(squares.rowOf(below)).toBe(squares.rowOf(8) + 1);
    expect(squares.beyond(below, -1, left + width / 2)).toBe(8);
    expect(squares.rowOf(squares.beyond(8, -99, 0))).toBe(0);
    expect(squares.rowOf(squares.beyond(8, 99, 0))).toBe(squares.rows - 1);
  });

  it("fills the width with all rows of a group but the last, at heights near the wanted one", () => {
    const layout = new Layout(new Uint8Array(50).fill(147), groups([50]), OPTIONS);
    for (let row = 0; row + 1 < layout.rows; row++) {
      expect(layout.edges(row).at(-1)).toBe(OPTIONS.width + OPTIONS.gap);
      expect(layout.rowRect(row).height).toBeGreaterThan(OPTIONS.rowHeight * 0.8);
      expect(layout.rowRect(row).height).toBeLessThan(OPTIONS.rowHeight * 1.25);
    }
    expect(layout.rowRect(layout.rows - 1).height).toBe(OPTIONS.rowHeight);
  });

  it("puts small days side by side, and a large one below them", () => {
    const layout = new Layout(new Uint8Array(43).fill(128), groups([1, 2, 40]), OPTIONS);
    expect([...layout.groupLeft]).toEqual([0, 224, 0]);
    expect(layout.groupTop[1]).toBe(0);
    expect([layout.groupBand(1), layout.groupBand(2)]).toEqual([
      [0, 1],
      [2, 2],
    ]);
    expect(layout.groupTop[2]).toBe(44 + 200 + 24);
  });

  it("fills the width with small days side by side, and with a short last row", () => {
    const layout = new Layout(new Uint8Array(11).fill(128), groups([1, 2, 2, 6]), OPTIONS);
    expect([...layout.groupTop.slice(0, 3)]).toEqual([0, 0, 0]);
    expect(layout.groupLeft[2]! + layout.groupWidth[2]!).toBe(OPTIONS.width);
    expect(layout.rowRect(0).height).toBe(Math.round((1200 - 2 * 24 - 2 * 4) / 5));
    expect(layout.groupTop[3]).toBe(layout.groupBottom[0]! + OPTIONS.below);
    expect([layout.rows, layout.rowRect(3).height, layout.rowRect(3).width]).toEqual([4, 197, 1200]);
    const orphan = new Layout(new Uint8Array(7).fill(128), groups([7]), OPTIONS);
    expect([orphan.rows, orphan.rowRect(0).height]).toEqual([1, 168]);
    expect(layout.tileAt(1190, 100)).toBe(4);
  });

  it("leaves room for headers in a narrow band, and fills it with what is wider", () => {
    const narrow = { ...OPTIONS, width: 390, rowHeight: 112, narrowest: 172, between: 12 };
    const layout = new Layout(Uint8Array.of(147, 120, 120), groups([1, 1, 1]), narrow);
    expect([...layout.groupTop]).toEqual([0, 0, layout.groupTop[2]]);
    expect([...layout.groupWidth]).toEqual([212, 172, 390]);
    expect(layout.rowRect(0).width).toBe(206);
    expect(layout.rowRect(0).height).toBe(layout.rowRect(1).height);
    expect(layout.rowRect(1).width).toBeLessThan(172);
  });

  it("keeps the height of a band within limits", () => {
    fc.assert(
      fc.property(layouts, (layout) => {
        for (let group = 0; group < layout.groups.keys.length; group++) {
          const [first, last] = layout.groupBand(group);
          if (first === last) continue;
          const scale = layout.rowRect(layout.groupRow[group]!).height / layout.options.rowHeight;
          expect(scale).toBeGreaterThan(0.73);
          expect(scale).toBeLessThan(1.42);
        }
      }),
    );
  });

  it("lays nothing out without a width", () => {
    const layout = new Layout(new Uint8Array(5), groups([5]), { ...OPTIONS, width: 0 });
    expect([layout.rows, layout.height, layout.rect(0), layout.tileAt(0, 0)]).toEqual([0, 0, null, -1]);
  });

  it("crops what is extremely wide or narrow", () => {
    const layout = new Layout(Uint8Array.of(255, 0), groups([1, 1]), { ...OPTIONS, width: 2600 });
    expect(layout.rect(0)!.width / layout.rect(0)!.height).toBe(5);
    expect(layout.rect(1)!.width / layout.rect(1)!.height).toBe(0.4);
  });
});

describe("groupsOf", () => {
  const days = ["2024-03-02", "2024-03-01", "2023-12-31"];
  const starts = prefixSums([2, 1, 3]);

  it("gathers days into months and years, the undated last", () => {
    expect(groupsOf(days, starts, 8, "day")).toEqual({
      keys: [...days, UNDATED],
      starts: Uint32Array.of(0, 2, 3, 6, 8),
    });
    expect(groupsOf(days, starts, 6, "month")).toEqual({
      keys: ["2024-03", "2023-12"],
      starts: Uint32Array.of(0, 3, 6),
    });
    expect(groupsOf(days, starts, 6, "year").keys).toEqual(["2024", "2023"]);
  });

  it("makes one group without a header where there are no days", () => {
    expect(groupsOf([], prefixSums([]), 5, "day")).toEqual({ keys: [""], starts: Uint32Array.of(0, 5) });
    expect(groupsOf([], prefixSums([]), 0, "day")).toEqual({ keys: [], starts: Uint32Array.of(0) });
  });
});
