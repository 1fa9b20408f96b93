import { afterEach, expect, it, vi } from "vitest";
import { onPixelRatio } from "../../src/viewer/pixelRatio";

afterEach(() => vi.unstubAllGlobals());

it("reports every other screen, until it is stopped", () => {
  const queries = new Map<string, EventTarget>();
  vi.stubGlobal("matchMedia", (text: string) => {
    const query = queries.get(text) ?? new EventTarget();
    queries.set(text, query);
    return query;
  });
  vi.stubGlobal("devicePixelRatio", 1);
  let count = 0;
  const stop = onPixelRatio(() => count++);
  const moveTo = (ratio: number) => {
    const before = queries.get(`(resolution: ${devicePixelRatio}dppx)`);
    vi.stubGlobal("devicePixelRatio", ratio);
    before?.dispatchEvent(new Event("change"));
  };
  moveTo(2);
  moveTo(1.5);
  expect(count).toBe(2);
  stop();
  moveTo(1);
  expect(count).toBe(2);
});
