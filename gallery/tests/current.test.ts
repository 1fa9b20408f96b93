import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Current } from "../src/current.svelte";

/** Views by their queries; each answer waits until it is let go, or for nothing. */
let totals = new Map<string, number>();
let requests: string[] = [];
let gates = new Map<string, Promise<void>>();
let status = 200;
let cursor = 1;
let current = new Current();

async function serve(path: string, init: RequestInit = {}): Promise<Response> {
  const { pathname, searchParams } = new URL(path, "http://localhost");
  const q = searchParams.get("q") ?? "";
  requests.push(`${pathname}?${q}`);
  const { signal } = init;
  await Promise.race([
    gates.get(q) ?? Promise.resolve(),
    new Promise((_, reject) =>
      signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))),
    ),
  ]);
  signal?.throwIfAborted();
  if (pathname === "/api/session")
    return Response.json({ needs_key: false, signed_in: false, read_only: false, actions: [] });
  if (status !== 200) return Response.json({ detail: "no such album" }, { status });
  const total = totals.get(q) ?? 0;
  const etag = `"${cursor}"`;
  if (pathname === "/api/timeline")
    return Response.json({ cursor, total, undated: 0, assets: total + 1, days: ["2024-04-12"], counts: [total] });
  if (pathname === "/api/timeline/geometry") {
    if (new Headers(init.headers).get("if-none-match") === etag) return new Response(null, { status: 304 });
    return new Response(new Uint8Array(total), { headers: { etag } });
  }
  return new Promise(() => {});
}

function gate(q: string): () => void {
  let open = () => {};
  gates.set(q, new Promise((resolve) => (open = resolve)));
  return () => open();
}

const opened = (q: string) => requests.filter((request) => request === `/api/timeline/geometry?${q}`).length;

beforeEach(() => {
  vi.stubGlobal("fetch", serve);
  totals = new Map([
    ["", 1000],
    ["kyoto", 3],
  ]);
  current = new Current();
  [requests, gates, status, cursor] = [[], new Map(), 200, 1];
});

afterEach(() => vi.unstubAllGlobals());

describe("the view that is shown", () => {
  it("stays as it is until the next one is there", async () => {
    await current.show({ state: "live" });
    const before = current.library;
    const open = gate("kyoto");
    const showing = current.show({ q: "kyoto" });
    expect([current.isLoading, current.view.q, current.total]).toEqual([true, undefined, 1000]);
    expect(current.library).toBe(before);
    open();
    await showing;
    expect([current.isLoading, current.view.q, current.total]).toEqual([false, "kyoto", 3]);
  });

  it("is that of the latest request, and each is opened once", async () => {
    await current.show({ q: "first" });
    const open = gate("kyoto");
    const showing = [current.show({ q: "kyoto" }), current.show({ q: "first" }), current.show({ q: "kyoto" })];
    expect(current.isLoading).toBe(true);
    open();
    await Promise.all(showing);
    expect(current.view).toEqual({ q: "kyoto" });
    expect(opened("first")).toBe(2); // opened, and compared when it was shown again
    await current.show({ q: "first" });
    const selection = current.selection;
    selection.toggle(1);
    await current.show({ q: "first" });
    expect(current.selection).toBe(selection);
    expect(current.selected).toBe(1);
  });

  it("is gone, with the reason, where the server refuses it", async () => {
    await current.show({ q: "album" });
    const close = vi.spyOn(current.library!, "close");
    [status, cursor] = [404, 2];
    await current.refresh();
    expect([current.library, current.error]).toEqual([null, "no such album"]);
    expect(close).toHaveBeenCalled();
    status = 200;
    await current.retry();
    expect([current.view.q, current.error]).toEqual(["album", null]);
  });

  it("stays where the server fails", async () => {
    await current.show({ q: "server" });
    [status, cursor] = [500, 2];
    await current.refresh();
    expect([current.view.q, current.error, current.warning]).toEqual(["server", null, "no such album"]);
  });

  it("is closed when many others were shown since", async () => {
    await current.show({ q: "oldest" });
    const close = vi.spyOn(current.library!, "close");
    for (const q of ["1", "2", "3", "4", "5"]) await current.show({ q });
    expect(close).not.toHaveBeenCalled();
    await current.show({ q: "6" });
    expect(close).toHaveBeenCalled();
  });

  it("rereads its tiles for changes that leave it as it is, at once and then every two seconds", async () => {
    vi.useFakeTimers();
    await current.show({ q: "ratings" });
    const reload = vi.spyOn(current.library!, "reload").mockResolvedValue();
    for (let change = 0; change < 20; change++) {
      await current.refresh();
      await vi.advanceTimersByTimeAsync(300);
    }
    expect(reload.mock.calls.length).toBeGreaterThanOrEqual(3);
    expect(reload.mock.calls.length).toBeLessThanOrEqual(4);
    reload.mockClear();
    await current.refresh(true);
    expect(reload).toHaveBeenCalledTimes(1); // the user's own edit does not wait
    vi.useRealTimers();
  });
});
