import { afterEach, expect, it, vi } from "vitest";
import { read, write } from "../src/storage";

afterEach(() => vi.unstubAllGlobals());

it("lasts as long as the page where the browser's is blocked", () => {
  vi.stubGlobal("localStorage", {
    getItem: () => {
      throw new DOMException("denied", "SecurityError");
    },
    setItem: () => {
      throw new DOMException("full", "QuotaExceededError");
    },
    removeItem: () => {
      throw new DOMException("denied", "SecurityError");
    },
  });
  expect(read("theme")).toBeNull();
  write("theme", "dark");
  expect(read("theme")).toBe("dark");
  expect(read("theme", "sessionStorage")).toBeNull();
  write("theme", null);
  expect(read("theme")).toBeNull();
});
