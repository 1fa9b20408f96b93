import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { axisOf, closes, dragged, resisted, sideways, Speed } from "../../src/viewer/swipe";

describe("swipe", () => {
  it("means nothing before it has a direction", () => {
    expect(axisOf(3, 5)).toBeNull();
    expect(axisOf(-30, 5)).toBe("horizontal");
    expect(axisOf(5, 30)).toBe("vertical");
    expect(axisOf(28, 30)).toBe("horizontal");
  });

  it("goes on by a flick, or by distance", () => {
    expect(sideways(-40, -0.8, 400)).toBe("next");
    expect(sideways(40, 0.8, 400)).toBe("previous");
    expect(sideways(-40, 0, 400)).toBe("stay");
    expect(sideways(-180, 0, 400)).toBe("next");
    expect(sideways(-180, 0.8, 400)).toBe("stay"); // taken back
  });

  it("closes downwards only", () => {
    expect(closes(40, 0.8, 800)).toBe(true);
    expect(closes(200, 0, 800)).toBe(true);
    expect(closes(200, -0.8, 800)).toBe(false);
    expect(closes(-200, -0.8, 800)).toBe(false);
    expect(closes(40, 0, 800)).toBe(false);
  });

  it("gives way within bounds", () => {
    fc.assert(
      fc.property(fc.double({ min: -5000, max: 5000, noNaN: true }), (distance) => {
        const given = resisted(distance, 400);
        expect(Math.abs(given)).toBeLessThanOrEqual(Math.min(Math.abs(distance), 200) + 1e-9);
        const { scale, opacity } = dragged(distance, 800);
        expect(scale).toBeGreaterThanOrEqual(0.6);
        expect(scale).toBeLessThanOrEqual(1);
        expect(opacity).toBeGreaterThanOrEqual(0);
        expect(opacity).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("is as fast as its end", () => {
    const speed = new Speed();
    for (let at = 0; at <= 1000; at += 10) speed.add(at, at < 900 ? 0 : (at - 900) * 2, 0);
    expect(speed.of(1005).x).toBeCloseTo(2, 1);
    expect(speed.of(1300)).toEqual({ x: 0, y: 0 });
    expect(new Speed().of(0)).toEqual({ x: 0, y: 0 });
  });
});
