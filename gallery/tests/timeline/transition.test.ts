import { describe, expect, it } from "vitest";
import { Selection } from "../../src/core/selection";
import { prepare, type NextState, type Scene } from "../../src/timeline/transition";

/** A view in whose next state ten photos have come before all others; whose tiles are 100 pixels high. */
class World {
  before = Array.from({ length: 1000 }, (_, i) => `p${i}`);
  after = [...Array.from({ length: 10 }, (_, i) => `new${i}`), ...this.before];
  loads: [number, number][] = [];
  loaded = new Map<string, number>();
  onload = () => {};
  top = 300;
  active = -1;

  next: NextState = {
    ordinalOf: (id) => Promise.resolve(this.after.includes(id) ? this.after.indexOf(id) : null),
    ids: (start, stop) => Promise.resolve(this.after.slice(start, stop)),
    tile: () => undefined,
    find: (id) => (this.loaded.has(id) ? { ordinal: this.loaded.get(id)! } : undefined),
    load: async (start, stop) => {
      this.loads.push([start, stop]);
      for (let ordinal = start; ordinal < stop; ordinal++) this.loaded.set(this.after[ordinal]!, ordinal);
      await Promise.resolve();
      this.onload();
    },
  };

  get scene(): Scene {
    const world = this;
    return {
      selection: new Selection(),
      get visible(): [number, number] {
        return [Math.floor(world.top / 100), Math.floor(world.top / 100) + 8];
      },
      get drawn(): [number, number] {
        return [Math.max(0, this.visible[0] - 8), this.visible[1] + 8];
      },
      get active() {
        return world.active;
      },
      get isAtTop() {
        return world.top <= 0;
      },
      idOf: (ordinal) => world.before[ordinal],
      fromTop: (ordinal) => ordinal * 100 - world.top,
    };
  }
}

describe("a change of the view", () => {
  it("keeps what is looked at and focused", async () => {
    const world = new World();
    world.active = 5;
    const show = await prepare(world.next, world.scene);
    expect([show(), world.loads]).toEqual([{ active: 15, hold: { ordinal: 13, part: 0, from: 0 } }, [[10, 29]]]);
  });

  it("keeps what was reached while it was prepared", async () => {
    const world = new World();
    world.active = 5;
    world.onload = () => ((world.active = 8), (world.top = 450), (world.onload = () => {}));
    const show = await prepare(world.next, world.scene);
    expect(show()).toEqual({ active: 18, hold: { ordinal: 14, part: 0, from: -50 } });
  });

  it("keeps what was focused and scrolled to after it was prepared", async () => {
    const world = new World();
    world.active = 5;
    const show = await prepare(world.next, world.scene);
    world.active = 6;
    world.top = 320;
    expect(show()).toEqual({ active: 16, hold: { ordinal: 13, part: 0, from: -20 } });
    world.active = 900; // not loaded: where it probably is
    expect(show().active).toBe(910);
  });

  it("loads what a scrubbed view looks at", async () => {
    const world = new World();
    world.onload = () => ((world.top = 80_000), (world.onload = () => {}));
    const show = await prepare(world.next, world.scene);
    expect(world.loads.at(-1)).toEqual([802, 826]);
    expect(show()).toEqual({ active: -1, hold: { ordinal: 810, part: 0, from: 0 } });
  });

  it("keeps the top at the top, and the next photo where the first one is gone", async () => {
    const atTop = new World();
    atTop.top = 0;
    expect((await prepare(atTop.next, atTop.scene))().hold).toBeNull();
    const world = new World();
    world.after.splice(13, 1);
    expect((await prepare(world.next, world.scene))().hold).toEqual({ ordinal: 13, part: 0, from: 100 });
  });
});
