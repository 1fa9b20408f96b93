import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Selection, type IdSource } from "../../src/core/selection";

/** A view that is a list of ids. */
function source(ids: string[]): IdSource {
  return {
    tile: () => undefined,
    ids: (start, stop) => Promise.resolve(ids.slice(start, stop)),
    ordinalOf: (id) => Promise.resolve(ids.includes(id) ? ids.indexOf(id) : null),
  };
}

const SIZE = 40;
const ordinal = fc.nat(SIZE - 1);
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom("toggle" as const, "extend" as const, "preview" as const), to: ordinal }),
    fc.record({ kind: fc.constant("range" as const), from: ordinal, to: ordinal }),
  ),
  { maxLength: 20 },
);

function selected(selection: Selection): number[] {
  return Array.from({ length: SIZE }, (_, i) => i).filter((i) => selection.has(i));
}

describe("Selection", () => {
  it("is what a set of ordinals would be, and counts it", () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const selection = new Selection();
        let model = new Set<number>();
        let base = new Set<number>();
        let anchor: number | null = null;
        const between = (a: number, b: number) =>
          Array.from({ length: Math.abs(a - b) + 1 }, (_, i) => Math.min(a, b) + i);
        const toggle = (ordinal: number) => {
          if (!model.delete(ordinal)) model.add(ordinal);
          base = new Set(model);
          anchor = ordinal;
        };
        for (const step of steps) {
          if (step.kind === "toggle") {
            selection.toggle(step.to);
            toggle(step.to);
          } else if (step.kind === "extend") {
            selection.extend(step.to);
            if (anchor === null) toggle(step.to);
            else model = new Set([...base, ...between(anchor, step.to)]);
          } else if (step.kind === "preview") {
            selection.previewTo(step.to);
            const preview = anchor === null ? model : new Set([...base, ...between(anchor, step.to)]);
            expect(selection.previewCount).toBe(preview.size);
          } else if (step.kind === "range" && step.from < step.to) {
            const range = between(step.from, step.to - 1);
            const isFull = range.every((ordinal) => model.has(ordinal));
            for (const ordinal of range)
              if (isFull) model.delete(ordinal);
              else model.add(ordinal);
            base = new Set(model);
            anchor = step.from;
            selection.toggleRange(step.from, step.to);
          }
          expect(selected(selection)).toEqual([...model].sort((a, b) => a - b));
          expect(selection.count).toBe(model.size);
        }
      }),
    );
  });

  it("shrinks an extension, and keeps what was selected before", () => {
    const selection = new Selection();
    selection.toggle(2);
    selection.toggle(10);
    selection.extend(15);
    selection.extend(12);
    expect(selection.ranges).toEqual([
      { start: 2, stop: 3 },
      { start: 10, stop: 13 },
    ]);
    selection.clear();
    expect([selection.count, selection.anchor]).toEqual([0, null]);
  });

  it("selects a million without listing them", () => {
    const selection = new Selection();
    selection.toggleRange(0, 1_000_000);
    selection.toggle(500_000);
    expect([selection.count, selection.ranges.length]).toEqual([999_999, 2]);
  });

  it("finds the same assets again in another state of the view, and no others", async () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 60 }).map(String), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(ids, fc.array(fc.nat(29)), fc.array(fc.nat(60)), async (before, picks, added) => {
        const selection = new Selection();
        for (const pick of picks) if (pick < before.length) selection.toggle(pick);
        const expected = new Set(before.filter((_, i) => selection.has(i)));
        selection.remember(source(before));
        const after = [...before];
        for (const id of added) if (!before.includes(String(id))) after.splice(id % (after.length + 1), 0, String(id));
        const apply = await selection.remap(source([...new Set(after)]));
        apply();
        expect(new Set([...new Set(after)].filter((_, i) => selection.has(i)))).toEqual(expected);
      }),
    );
  });

  it("drops what is gone", async () => {
    const selection = new Selection();
    selection.toggleRange(1, 4);
    selection.toggle(5);
    selection.remember(source(["a", "b", "c", "d", "e", "f"]));
    (await selection.remap(source(["b", "e", "d"])))();
    expect(selection.ranges).toEqual([
      { start: 0, stop: 1 },
      { start: 2, stop: 3 },
    ]);
  });

  it("keeps the ends of a range that is too large to be remembered", async () => {
    const ids = Array.from({ length: 30_000 }, (_, i) => `a${i}`);
    const selection = new Selection();
    selection.toggleRange(10, 25_000);
    selection.remember(source(ids));
    (await selection.remap(source(["new", ...ids])))();
    expect(selection.ranges).toEqual([{ start: 11, stop: 25_001 }]);
  });

  it("keeps a large range whose first and last photos are gone", async () => {
    const ids = Array.from({ length: 30_000 }, (_, i) => `a${i}`);
    const selection = new Selection();
    selection.toggleRange(10, 25_000);
    selection.remember(source(ids));
    const left = ids.filter((id) => id !== "a10" && id !== "a11" && id !== "a24999");
    (await selection.remap(source(left)))();
    expect(selection.ranges).toEqual([{ start: 10, stop: 24_997 }]);
  });

  it("keeps what is selected while the view changes, and where Shift extends from", async () => {
    const before = source(["a", "b", "c", "d", "e", "f"]);
    before.tile = (ordinal) => ({ id: "abcdef"[ordinal]! });
    const after = source(["new", "a", "b", "c", "d", "e", "f"]);
    const selection = new Selection();
    selection.onchange(() => selection.remember(before));
    selection.toggle(1);
    const remapped = selection.remap(after);
    selection.toggle(3);
    (await remapped)();
    expect([selection.ranges.map(({ start }) => start), selection.anchor]).toEqual([[2, 4], 4]);
    selection.extend(6);
    expect(selection.count).toBe(4);
  });
});
