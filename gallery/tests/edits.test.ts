import { afterEach, describe, expect, it, vi } from "vitest";
import { edits } from "../src/edits.svelte";

afterEach(() => {
  vi.unstubAllGlobals();
  edits.notices = [];
});

describe("an undo", () => {
  it.each([
    [0, "Undone: rated 2 photos 4 stars"],
    [1, "Undone in part: rated 2 photos 4 stars. What was changed again since stays."],
  ])("that leaves %i values says so", async (kept, text) => {
    const change = { id: 7, what: "rated 2 photos 4 stars", created_at: "2024-04-12T10:00:00Z" };
    const fetch = async (_: string, { method }: RequestInit = {}): Promise<Response> =>
      Response.json(method === "POST" ? { undone: { ...change, kept } } : { change });
    vi.stubGlobal("fetch", fetch);
    const storage = new Map<string, string>();
    vi.stubGlobal("sessionStorage", {
      getItem: (name: string) => storage.get(name) ?? null,
      setItem: (name: string, value: string) => storage.set(name, value),
    });
    await edits.undo();
    expect(edits.notices.at(-1)?.text).toContain("Nothing that was changed here");
    edits.notices = [];
    edits.done(change, []);
    edits.notices = [];
    await edits.undo();
    expect(edits.notices.map((notice) => [notice.text, notice.isError])).toEqual([[text, false]]);
  });
});
