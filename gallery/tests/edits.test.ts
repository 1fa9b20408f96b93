import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { edits, type Values } from "../src/edits.svelte";

interface Request {
  method: string;
  path: string;
  body: { ids?: string[]; id?: number };
}

/** The server's changes: each PATCH makes one, each undo takes the last one back. */
let changes: { id: number; what: string; ids: string[] }[] = [];
let requests: Request[] = [];
let kept = 0;
let failAt = Infinity;
let touched: string[][] = [];
let nextId = 1;

async function serve(path: string, init: RequestInit = {}): Promise<Response> {
  const { method = "GET" } = init;
  const body = JSON.parse((init.body as string | undefined) ?? "{}") as Request["body"];
  requests.push({ method, path, body });
  await new Promise((resolve) => setTimeout(resolve, 1));
  const last = changes.at(-1) ?? null;
  if (method === "GET") return Response.json({ change: last });
  if (method === "PATCH") {
    if (requests.filter((request) => request.method === "PATCH").length > failAt)
      return Response.json({ detail: "the disk is full" }, { status: 507 });
    const change = { id: nextId++, what: `rated ${body.ids!.length} photos 4 stars`, ids: body.ids! };
    changes.push(change);
    return Response.json({ change });
  }
  if (last?.id !== body.id) return Response.json({ detail: "something else was changed since" }, { status: 409 });
  changes.pop();
  return Response.json({ undone: { ...last, kept, asset_ids: last!.ids } });
}

const ids = (count: number) => Array.from({ length: count }, (_, i) => `asset_${i}`);
const texts = () => edits.notices.map(({ text, isError }) => [text, isError]);
const RATED: Values = { rating: 4 };

beforeEach(() => {
  vi.stubGlobal("fetch", serve);
  const storage = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => storage.get(name) ?? null,
    setItem: (name: string, value: string) => storage.set(name, value),
  });
  [changes, requests, touched, kept, failAt] = [[], [], [], 0, Infinity];
  edits.notices = [];
  edits.ontouched = (assetIds) => touched.push(assetIds);
});

afterEach(() => vi.unstubAllGlobals());

describe("an edit", () => {
  it("is sent in parts, and undone as one, the last part first", async () => {
    await edits.send(ids(2300), RATED);
    expect(requests.map(({ body }) => body.ids?.length)).toEqual([1000, 1000, 300]);
    expect(touched.map((list) => list.length)).toEqual([2300]);
    expect(texts()).toEqual([["Rated 2,300 photos 4 stars", false]]);
    await edits.undo();
    expect(changes).toEqual([]);
    expect(texts().at(-1)).toEqual(["Undone: rated 2,300 photos 4 stars", false]);
    expect(new Set(touched.at(-1))).toEqual(new Set(ids(2300)));
  });

  it("that fails half way keeps what was sent, and says what failed", async () => {
    failAt = 1;
    expect(await edits.edit(ids(1500), RATED)).toBe(false);
    expect(texts()).toEqual([
      ["Rated 1000 photos 4 stars", false],
      ["the disk is full", true],
    ]);
    expect(touched).toEqual([ids(1000)]);
    await edits.undo(edits.notices[0]);
    expect(changes).toEqual([]);
  });

  it("that fails changes nothing, and later ones are sent", async () => {
    failAt = 0;
    await expect(edits.send(ids(1), RATED)).rejects.toThrow("the disk is full");
    expect(touched).toEqual([]);
    failAt = Infinity;
    expect(await edits.edit(ids(1), RATED)).toBe(true);
  });
});

describe("an undo", () => {
  it.each([
    [0, "Undone: rated 2 photos 4 stars"],
    [1, "Undone in part: rated 2 photos 4 stars. What was changed again since stays."],
  ])("that leaves %i values says so", async (count, text) => {
    kept = count;
    changes = [{ id: 0, what: "merged people", ids: [] }];
    await edits.undo();
    expect(edits.notices.at(-1)?.text).toContain("Nothing that was changed here");
    await edits.send(ids(2), RATED);
    edits.notices = [];
    await edits.undo();
    expect(texts()).toEqual([[text, false]]);
  });

  it("follows the edit that is on its way, and the one before", async () => {
    await edits.send(["a"], RATED);
    const second = edits.send(["b"], RATED);
    await Promise.all([second, edits.undo(), edits.undo()]);
    expect(changes).toEqual([]);
    expect(touched).toEqual([["a"], ["b"], ["b"], ["a"]]);
    expect(edits.notices.some(({ isError }) => isError)).toBe(false);
  });

  it("by two clicks on a notice is one", async () => {
    await edits.send(["a"], RATED);
    await edits.send(["b"], RATED);
    const notice = edits.notices.at(-1)!;
    await Promise.all([edits.undo(notice), edits.undo(notice)]);
    expect(changes.map((change) => change.ids)).toEqual([["a"]]);
    expect(edits.notices.some(({ isError }) => isError)).toBe(false);
  });

  it("does not take back what others changed since", async () => {
    await edits.send(["a"], RATED);
    changes.push({ id: nextId++, what: "hid a person", ids: [] });
    await edits.undo(edits.notices.at(-1));
    expect(texts().at(-1)).toEqual(["Something else was changed since: undo that first.", true]);
    expect(changes.length).toBe(2);
  });
});

describe("notices", () => {
  it("stay while they are held", () => {
    vi.useFakeTimers();
    edits.notify("Saved");
    edits.hold(true);
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual([["Saved", false]]);
    edits.hold(false);
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual([]);
    vi.useRealTimers();
  });
});

describe("notices", () => {
  it("of errors and hints go when the next action is done", async () => {
    await edits.undo();
    expect(texts()[0]![0]).toContain("left to undo");
    await edits.send(["a"], RATED);
    expect(texts()).toEqual([["Rated 1 photos 4 stars", false]]);
  });

  it("go also when that action has nothing to report", async () => {
    edits.notify("This photo is not here any more.", true);
    await edits.send([], RATED);
    expect(texts()).toEqual([]);
  });

  it("of unrelated actions are not shown together", async () => {
    await edits.send(["a"], RATED);
    edits.notify("This photo is not here any more.", true);
    expect(texts()).toEqual([["This photo is not here any more.", true]]);
    await edits.send(["b"], RATED);
    failAt = 1;
    expect(await edits.edit(["c"], RATED)).toBe(false);
    expect(texts()).toEqual([["the disk is full", true]]);
  });
});
