import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  actual,
  actualScale,
  bounded,
  fit,
  fitScale,
  fromRelative,
  isFit,
  isReduced,
  maxScale,
  nextScale,
  panned,
  pinched,
  scaledAbout,
  snapped,
  toRelative,
  toggled,
  zoomedTo,
  type Frame,
  type Point,
  type Transform,
} from "../../src/viewer/zoom";

const length = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const frames: fc.Arbitrary<Frame> = fc.record({
  view: fc.record({ width: length(200, 4000), height: length(200, 3000) }),
  content: fc.record({ width: length(16, 20000), height: length(16, 20000) }),
  dpr: fc.constantFrom(1, 1.25, 1.5, 2, 3),
});
const points: fc.Arbitrary<Point> = fc.record({ x: length(0, 4000), y: length(0, 3000) });
const transforms: fc.Arbitrary<Transform> = fc.record({
  scale: length(0.01, 8),
  x: length(-20000, 4000),
  y: length(-20000, 4000),
});

/** The point of the photo that lies under a point of the view. */
const under = (transform: Transform, point: Point): Point => ({
  x: (point.x - transform.x) / transform.scale,
  y: (point.y - transform.y) / transform.scale,
});

function expectClose(a: Point, b: Point, digits = 4): void {
  expect(a.x).toBeCloseTo(b.x, digits);
  expect(a.y).toBeCloseTo(b.y, digits);
}

function expectWithin(frame: Frame, { scale, x, y }: Transform): void {
  for (const [place, size, view] of [
    [x, frame.content.width * scale, frame.view.width],
    [y, frame.content.height * scale, frame.view.height],
  ] as const) {
    if (size <= view) expect(place).toBeCloseTo((view - size) / 2, 6);
    else {
      expect(place).toBeLessThanOrEqual(1e-6);
      expect(place + size).toBeGreaterThanOrEqual(view - 1e-6);
    }
  }
  expect(scale).toBeGreaterThanOrEqual(fitScale(frame) * (1 - 1e-9));
  expect(scale).toBeLessThanOrEqual(maxScale(frame) * (1 + 1e-9));
}

describe("zoom", () => {
  it("shows all of a photo at fit, and enlarges small ones fourfold at most", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const { scale, x, y } = fit(frame);
        expect(x).toBeGreaterThanOrEqual(-1e-6);
        expect(y).toBeGreaterThanOrEqual(-1e-6);
        expect(frame.content.width * scale + x).toBeLessThanOrEqual(frame.view.width + 1e-6);
        expect(frame.content.height * scale + y).toBeLessThanOrEqual(frame.view.height + 1e-6);
        expect(scale).toBeLessThanOrEqual(4);
        const [width, height] = [frame.content.width * scale, frame.content.height * scale];
        if (scale < 4) expect(Math.max(width / frame.view.width, height / frame.view.height)).toBeCloseTo(1, 6);
        expect(isFit(frame, fit(frame))).toBe(true);
      }),
    );
  });

  it("keeps the point under the pointer", () => {
    fc.assert(
      fc.property(transforms, length(0.01, 8), points, (transform, scale, point) => {
        expectClose(under(scaledAbout(transform, scale, point), point), under(transform, point), 3);
      }),
    );
  });

  it("keeps it within the bounds too, wherever the photo covers the view", () => {
    const frame: Frame = { view: { width: 1000, height: 800 }, content: { width: 6000, height: 4000 }, dpr: 1 };
    fc.assert(
      fc.property(length(0.4, 1), length(1, 8), length(0, 1000), length(0, 800), (from, to, x, y) => {
        const start = bounded(frame, { scale: from, x: -500, y: -300 });
        const end = zoomedTo(frame, start, to, { x, y });
        expectClose(under(end, { x, y }), under(start, { x, y }));
      }),
    );
  });

  it("never leaves its bounds", () => {
    fc.assert(
      fc.property(frames, transforms, points, length(0.001, 100), (frame, transform, point, scale) => {
        expectWithin(frame, bounded(frame, transform));
        expectWithin(frame, zoomedTo(frame, transform, scale, point));
        expectWithin(frame, panned(frame, bounded(frame, transform), point.x - 2000, point.y - 1500));
        expectWithin(frame, toggled(frame, bounded(frame, transform), point));
        expectWithin(frame, fromRelative(frame, { zoom: scale, center: { x: 0.2, y: 0.9 } }));
      }),
    );
  });

  it("follows both fingers", () => {
    fc.assert(
      fc.property(transforms, points, points, points, points, (transform, a, b, c, d) => {
        fc.pre(Math.hypot(a.x - b.x, a.y - b.y) > 5 && Math.hypot(c.x - d.x, c.y - d.y) > 5);
        const end = pinched(transform, [a, b], [c, d]);
        const between = (p: Point, q: Point) => ({ x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 });
        const [before, after] = [under(transform, between(a, b)), under(end, between(c, d))];
        const size = Math.max(1, Math.abs(before.x), Math.abs(before.y));
        expect(Math.abs(after.x - before.x) / size).toBeLessThan(1e-6);
        expect(Math.abs(after.y - before.y) / size).toBeLessThan(1e-6);
        expect(end.scale / transform.scale).toBeCloseTo(
          Math.hypot(c.x - d.x, c.y - d.y) / Math.hypot(a.x - b.x, a.y - b.y),
          6,
        );
      }),
    );
  });

  it("toggles between all of the photo and its own pixels", () => {
    const frame: Frame = { view: { width: 1000, height: 800 }, content: { width: 6000, height: 4000 }, dpr: 2 };
    const close = toggled(frame, fit(frame), { x: 300, y: 300 });
    expect(close.scale).toBe(actualScale(frame));
    expect(toggled(frame, close, { x: 0, y: 0 })).toEqual(fit(frame));
    const small: Frame = { ...frame, content: { width: 300, height: 200 } };
    expect(toggled(small, fit(small), { x: 500, y: 400 }).scale).toBe(2 * fitScale(small));
    const near: Frame = { ...frame, content: { width: 1800, height: 1200 }, dpr: 1 };
    expect(toggled(near, fit(near), { x: 0, y: 0 }, 2).scale).toBe(2 * fitScale(near)); // a double tap
  });

  it("shows the actual size of every photo, also of one that fit enlarges", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const start = fit(frame);
        const natural = actual(frame, start);
        expect(natural.scale).toBeCloseTo(Math.min(actualScale(frame), maxScale(frame)), 9);
        expectClose(
          under(natural, { x: frame.view.width / 2, y: frame.view.height / 2 }),
          under(start, { x: frame.view.width / 2, y: frame.view.height / 2 }),
          3,
        );
        if (!isReduced(frame, natural)) return;
        expect(isFit(frame, natural)).toBe(true); // nothing of it is cut off, so that it is not panned
        expect(toggled(frame, natural, { x: 0, y: 0 })).toEqual(start);
        expect(nextScale(frame, natural.scale, 1)).toBeCloseTo(fitScale(frame), 9);
      }),
    );
  });

  it("steps through the scales to both ends", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const up = [fitScale(frame)];
        while (up.at(-1)! < maxScale(frame) * 0.999 && up.length < 30) up.push(nextScale(frame, up.at(-1)!, 1));
        expect(up.at(-1)! / maxScale(frame)).toBeCloseTo(1, 2);
        expect(up.length).toBeLessThan(12);
        const down = [up.at(-1)!];
        while (down.at(-1)! > fitScale(frame) * 1.001 && down.length < 30)
          down.push(nextScale(frame, down.at(-1)!, -1));
        expect(isFit(frame, { scale: down.at(-1)!, x: 0, y: 0 })).toBe(true);
        const natural = actualScale(frame);
        if (natural > fitScale(frame)) expect(up.some((scale) => Math.abs(scale / natural - 1) < 2e-3)).toBe(true);
      }),
    );
  });

  it("is kept for a photo of the same size, exactly", () => {
    fc.assert(
      fc.property(frames, transforms, (frame, transform) => {
        const shown = bounded(frame, transform);
        const again = fromRelative(frame, toRelative(frame, shown));
        expect(again.scale).toBeCloseTo(shown.scale, 6);
        expectClose(again, shown, 2);
      }),
    );
  });

  it("lies on whole device pixels", () => {
    fc.assert(
      fc.property(frames, transforms, (frame, transform) => {
        const { x, y } = snapped(frame, transform);
        expect(Math.abs(x * frame.dpr - Math.round(x * frame.dpr))).toBeLessThan(1e-6);
        expect(Math.abs(y * frame.dpr - Math.round(y * frame.dpr))).toBeLessThan(1e-6);
        expect(Math.abs(x - transform.x)).toBeLessThanOrEqual(0.5 / frame.dpr + 1e-9);
      }),
    );
  });
});
