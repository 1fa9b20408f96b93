import { describe, expect, it } from "vitest";
import { coalesce } from "../../src/core/coalesce";

describe("coalesce", () => {
  it("runs one task at a time, and once more for all calls meanwhile", async () => {
    const ends: (() => void)[] = [];
    const run = coalesce(() => new Promise((resolve) => ends.push(resolve)));
    const first = run();
    void run();
    const last = run();
    expect(ends.length).toBe(1);
    ends[0]!();
    await Promise.resolve();
    await Promise.resolve();
    expect(ends.length).toBe(2);
    ends[1]!();
    await Promise.all([first, last]);
    expect(ends.length).toBe(2);
    void run();
    expect(ends.length).toBe(3);
  });

  it("runs again after a failure", async () => {
    let runs = 0;
    const run = coalesce(() => (runs++ ? Promise.resolve() : Promise.reject(new Error("no"))));
    await expect(run()).rejects.toThrow("no");
    await run();
    expect(runs).toBe(2);
  });
});
