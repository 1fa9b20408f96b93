import { expect, it } from "vitest";
import { uprightBox, uprightSize } from "../../src/viewer/faces";

/** Exif's orientations as what a viewer does to the stored picture: a point of it, and where that is then shown. */
const SHOWN: Record<number, (x: number, y: number) => [number, number]> = {
  1: (x, y) => [x, y],
  2: (x, y) => [1 - x, y],
  3: (x, y) => [1 - x, 1 - y],
  4: (x, y) => [x, 1 - y],
  5: (x, y) => [y, x],
  6: (x, y) => [1 - y, x],
  7: (x, y) => [1 - y, 1 - x],
  8: (x, y) => [y, 1 - x],
};

it("turns boxes as the picture is turned", () => {
  const stored = { width: 4000, height: 3000 };
  const box = { x: 400, y: 600, w: 800, h: 300 };
  for (const [orientation, shown] of Object.entries(SHOWN)) {
    const corners = [shown(0.1, 0.2), shown(0.3, 0.3)];
    const [left, top] = [Math.min(corners[0]![0], corners[1]![0]), Math.min(corners[0]![1], corners[1]![1])];
    const [right, bottom] = [Math.max(corners[0]![0], corners[1]![0]), Math.max(corners[0]![1], corners[1]![1])];
    const found = uprightBox(box, stored, Number(orientation));
    expect(found.x, orientation).toBeCloseTo(left, 9);
    expect(found.y, orientation).toBeCloseTo(top, 9);
    expect(found.w, orientation).toBeCloseTo(right - left, 9);
    expect(found.h, orientation).toBeCloseTo(bottom - top, 9);
  }
  expect(uprightSize(stored, 6)).toEqual({ width: 3000, height: 4000 });
  expect(uprightSize(stored, 3)).toEqual(stored);
});
