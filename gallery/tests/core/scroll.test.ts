import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMIT, Spacer, type Place } from "../../src/core/scroll";

/** What a browser does: it clamps the position to the scroll area. */
class Browser {
  top = 0;
  constructor(
    readonly spacer: Spacer,
    public height: number,
    public view: number,
  ) {
    this.apply(spacer.resize(height, view, 0));
  }

  apply(place: Place): void {
    this.top = place.top;
    expect(place.top).toBeGreaterThanOrEqual(0);
    expect(place.top).toBeLessThanOrEqual(Math.max(0, this.spacer.height - this.view));
  }

  get shown(): number {
    return this.spacer.contentAt(this.top);
  }

  /** Scrolls by hand, as far as the area goes. */
  scroll(by: number): void {
    this.top = Math.min(Math.max(0, this.spacer.height - this.view), Math.max(0, this.top + by));
  }
}

type Step = { kind: "scroll" | "jump" | "rest"; by: number } | { kind: "resize"; height: number; view: number };

const heights = fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 100_000_000 }));
const views = fc.integer({ min: 1, max: 4000 });
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("scroll" as const), by: fc.integer({ min: -90_000, max: 90_000 }) }),
    fc.record({ kind: fc.constant("jump" as const), by: fc.integer({ min: -100, max: 100_000_100 }) }),
    fc.record({ kind: fc.constant("rest" as const), by: fc.constant(0) }),
    fc.record({ kind: fc.constant("resize" as const), height: heights, view: views }),
  ),
  { maxLength: 40 },
);

describe("Spacer", () => {
  it("shows the same content as a scroll area of any height would", () => {
    fc.assert(
      fc.property(heights, views, steps, (height, view, steps: Step[]) => {
        const browser = new Browser(new Spacer(), height, view);
        let target = 0;
        const clamp = (y: number) => Math.min(Math.max(0, browser.height - browser.view), Math.max(0, y));
        for (const step of steps) {
          if (step.kind === "resize") {
            [browser.height, browser.view] = [step.height, step.view];
            target = clamp(target);
            browser.apply(browser.spacer.resize(step.height, step.view, target));
          } else if (step.kind === "jump") {
            target = clamp(step.by);
            browser.apply(browser.spacer.moveTo(step.by));
          } else {
            browser.scroll(step.by);
            target = clamp(target + step.by);
            const place = browser.spacer.recenter(browser.top, step.kind === "rest");
            if (place) browser.apply(place);
          }
          expect(browser.shown).toBe(target);
          expect(browser.spacer.height).toBeLessThanOrEqual(LIMIT);
        }
      }),
    );
  });

  it("reaches both ends exactly, where the area ends too", () => {
    const browser = new Browser(new Spacer(), 48_000_000, 900);
    browser.apply(browser.spacer.moveTo(Infinity));
    expect(browser.shown).toBe(48_000_000 - 900);
    expect(browser.top).toBe(LIMIT - 900);
    browser.scroll(-1_500_000);
    browser.apply(browser.spacer.recenter(browser.top, true)!);
    expect(browser.shown).toBe(48_000_000 - 900 - 1_500_000);
    browser.apply(browser.spacer.moveTo(-5));
    expect([browser.shown, browser.top, browser.spacer.offset]).toEqual([0, 0, 0]);
  });

  it("moves no window that holds all, and none at rest in the middle", () => {
    const small = new Spacer();
    small.resize(1_500_000, 900, 0);
    expect(small.recenter(1_499_100, true)).toBeNull();
    const large = new Spacer();
    const place = large.resize(48_000_000, 900, 20_000_000);
    expect(large.recenter(place.top + 50_000, true)).toBeNull();
    expect(large.recenter(place.top + 650_000, false)).toBeNull();
    expect(large.recenter(place.top + 650_000, true)).not.toBeNull();
  });

  it("survives content that is lower than the view", () => {
    const spacer = new Spacer();
    expect(spacer.resize(100, 900, 50)).toEqual({ offset: 0, top: 0 });
    expect([spacer.height, spacer.last]).toEqual([100, 0]);
  });
});
