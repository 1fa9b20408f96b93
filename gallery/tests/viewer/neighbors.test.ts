import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Loader, plan, type Job } from "../../src/viewer/neighbors";

describe("plan", () => {
  it("begins with what is looked at, and stays in the view", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.nat(),
        fc.constantFrom<1 | -1>(1, -1),
        fc.boolean(),
        fc.boolean(),
        (total, place, direction, isMoving, fullAhead) => {
          const current = place % total;
          const steps = plan(current, total, direction, { isMoving, fullAhead });
          expect(steps[0]).toEqual({ ordinal: current, level: "thumbnail" });
          expect(steps[1]).toEqual({ ordinal: current, level: "preview" });
          const names = steps.map(({ ordinal, level }) => `${ordinal} ${level}`);
          expect(new Set(names).size).toBe(names.length);
          for (const { ordinal } of steps) {
            expect(ordinal).toBeGreaterThanOrEqual(0);
            expect(ordinal).toBeLessThan(total);
          }
          if (isMoving) expect(steps.some(({ level }) => level === "full")).toBe(false);
        },
      ),
    );
  });

  it("looks in the direction of travel", () => {
    const ahead = plan(10, 100, -1).map(({ ordinal, level }) => `${ordinal} ${level}`);
    expect(ahead.indexOf("9 preview")).toBeLessThan(ahead.indexOf("11 preview"));
    expect(ahead).toContain("8 preview");
    expect(ahead).not.toContain("12 preview");
  });
});

/** Loads that end when the test says so. */
function fake() {
  const open = new Map<string, { done: (value: string) => void; fail: (error: Error) => void; signal: AbortSignal }>();
  const load = (url: string, signal: AbortSignal) =>
    new Promise<string>((done, fail) => {
      open.set(url, { done, fail, signal });
      signal.addEventListener("abort", () => {
        open.delete(url);
        fail(new DOMException("", "AbortError"));
      });
    });
  return { open, load };
}

const job = (key: string, pixels = 1): Job => ({ key, url: `/${key}`, pixels });
const settle = () => new Promise((resolve) => setTimeout(resolve));

describe("Loader", () => {
  it("loads a few at a time, the most urgent first", async () => {
    const { open, load } = fake();
    const loader = new Loader(load, 2);
    loader.want([job("a"), job("b"), job("c")]);
    expect([...open.keys()]).toEqual(["/a", "/b"]);
    const waited = loader.wait("a");
    open.get("/a")!.done("A");
    expect(await waited).toBe("A");
    await settle();
    expect([...open.keys()]).toContain("/c");
    expect(loader.get("a")).toBe("A");
  });

  it("gives up what is passed by", async () => {
    const { open, load } = fake();
    const loader = new Loader(load, 2);
    loader.want([job("a"), job("b")]);
    const [passed, signal] = [loader.wait("a"), open.get("/a")!.signal];
    loader.want([job("b"), job("c")]);
    expect(signal.aborted).toBe(true);
    expect(await passed).toBeUndefined();
    await settle();
    expect([...open.keys()]).toEqual(["/b", "/c"]);
    loader.want([job("a")]); // wanted again: loaded anew
    await settle();
    expect([...open.keys()]).toEqual(["/a"]);
  });

  it("waits for nothing that was aborted", async () => {
    const urls: string[] = [];
    const released: string[] = [];
    const late: ((value: string) => void)[] = [];
    const load = (url: string) => new Promise<string>((done) => (urls.push(url), late.push(done)));
    const loader = new Loader(load, 2, 10, (value) => released.push(value));
    loader.want([job("a"), job("b")]);
    loader.want([job("c"), job("d")]); // a and b never end
    await settle();
    expect(urls).toEqual(["/a", "/b", "/c", "/d"]);
    late[0]!("A"); // or too late
    await settle();
    expect(released).toEqual(["A"]);
    expect(loader.get("a")).toBeUndefined();
  });

  it("gives up what takes too long, and releases it when it comes after all", async () => {
    vi.useFakeTimers();
    try {
      const { open } = fake();
      const released: string[] = [];
      const late = (url: string, signal: AbortSignal) =>
        new Promise<string>((done, fail) => void open.set(url, { done, fail, signal }));
      const loader = new Loader(late, 1, 10, (value) => released.push(value));
      loader.want([job("a"), job("b")]);
      const waited = loader.wait("a");
      await vi.advanceTimersByTimeAsync(61_000);
      expect(await waited).toBeUndefined();
      expect(loader.error("a")).toBeInstanceOf(Error);
      expect([...open.keys()]).toEqual(["/a", "/b"]);
      open.get("/a")!.done("A");
      await vi.advanceTimersByTimeAsync(1);
      expect(released).toEqual(["A"]);
      loader.forgetErrors();
      loader.want([job("a")]);
      open.get("/a")!.done("A");
      expect(await loader.wait("a")).toBe("A");
    } finally {
      vi.useRealTimers();
    }
  });

  it("tries what failed no second time while it is wanted", async () => {
    const { open, load } = fake();
    const loader = new Loader(load);
    loader.want([job("a")]);
    const waited = loader.wait("a");
    open.get("/a")!.fail(new Error("broken"));
    expect(await waited).toBeUndefined();
    open.clear();
    loader.want([job("a"), job("b")]);
    expect([...open.keys()]).toEqual(["/b"]);
    expect(loader.error("a")).toBeInstanceOf(Error);
    loader.want([]);
    loader.want([job("a")]);
    await settle();
    expect([...open.keys()]).toContain("/a");
  });

  it("keeps what was wanted last, within its memory", async () => {
    const released: string[] = [];
    const loader = new Loader(
      async (url) => url,
      3,
      10,
      (value) => released.push(value),
    );
    for (const key of ["a", "b", "c", "d"]) {
      loader.want([job(key, 4)]);
      await loader.wait(key);
    }
    await settle();
    expect(released).toEqual(["/a", "/b"]);
    expect([loader.get("c"), loader.get("d")]).toEqual(["/c", "/d"]);
    loader.want([job("e", 400)]); // however large, what is looked at stays
    expect(await loader.wait("e")).toBe("/e");
    await settle();
    expect(released).toEqual(["/a", "/b", "/c", "/d"]);
    loader.close();
    expect(released.at(-1)).toBe("/e");
  });
});
