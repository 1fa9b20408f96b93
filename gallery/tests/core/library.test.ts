import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Library } from "../../src/core/library";
import { Kind, tilesOf, type TileColumns } from "../../src/core/tile";

/** A server that holds assets "0", "1", …, newest first, and answers as the API does. */
class Server {
  cursor = 7;
  ids = Array.from({ length: 1000 }, (_, i) => i);
  requests: string[] = [];
  aborted = 0;
  isHeld = false;
  isBroken = false;
  status = 500;
  ratings: Record<number, number> = {};

  fetch = async (path: string, init: RequestInit = {}): Promise<Response> => {
    this.requests.push(path);
    const { pathname, searchParams } = new URL(path, "http://127.0.0.1");
    const [start, stop] = [Number(searchParams.get("start")), Number(searchParams.get("stop"))];
    const etag = `"${this.cursor}-5e"`;
    const headers = { etag };
    switch (pathname.replace("/api/timeline", "")) {
      case "":
        return Response.json(this.totals());
      case "/geometry":
        if (new Headers(init.headers).get("if-none-match") === etag)
          return new Response(null, { status: 304, headers });
        return new Response(new Uint8Array(this.ids.length).fill(147), { headers });
      case "/tiles":
        if (this.isHeld) await this.#held(init.signal!);
        if (this.isBroken) return Response.json({ detail: "broken" }, { status: this.status });
        return Response.json({ ...columns(this.cursor, start, this.ids.slice(start, stop)), ratings: this.ratings });
      case "/position": {
        const ordinal = this.ids.indexOf(Number(searchParams.get("id")!.slice(6)));
        return Response.json({ ordinal: ordinal < 0 ? null : ordinal, cursor: this.cursor });
      }
      case "/ids":
        return Response.json({ ids: this.ids.slice(start, stop).map(idOf) });
      default:
        throw new Error(path);
    }
  };

  totals() {
    const total = this.ids.length;
    return { cursor: this.cursor, total, undated: 0, assets: total, days: ["2024-04-12"], counts: [total] };
  }

  add(...ids: number[]): void {
    this.ids.unshift(...ids);
    this.cursor++;
  }

  #held(signal: AbortSignal): Promise<void> {
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        this.aborted++;
        reject(new DOMException("aborted", "AbortError"));
      });
    });
  }
}

function idOf(id: number): string {
  return "asset_" + String(id).padStart(22, "0");
}

function columns(cursor: number, start: number, ids: number[]): TileColumns {
  return {
    cursor,
    start,
    ids: ids.map((id) => idOf(id).slice(6)).join(""),
    times: ids.map((_, i) => (i === 0 ? 1_712_900_000 : 60)),
    offsets: [[ids.length, 8]],
    ratios: ids.map(() => 147),
    kinds: ids.map(() => 0),
    versions: ids.map(() => "abcdefgh").join(""),
    thumbhashes: ids.map(() => null),
    places: { names: [], of: [[ids.length, null]] },
    durations: {},
    ratings: {},
    favorites: [],
    stacks: {},
    descriptions: {},
  };
}

let server: Server;
let library: Library;
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const tileRequests = () => server.requests.filter((path) => path.includes("/tiles")).length;

beforeEach(async () => {
  server = new Server();
  vi.stubGlobal("fetch", server.fetch);
  library = new Library({ q: "sea & sand" });
  await library.open();
});

afterEach(() => {
  library.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("Library", () => {
  it("opens with totals and geometry of its view", () => {
    expect([library.total, library.cursor, library.ratios[999], [...library.dayStarts]]).toEqual([
      1000,
      7,
      147,
      [0, 1000],
    ]);
    expect(server.requests.every((path) => path.includes("?q=sea+%26+sand"))).toBe(true);
    expect(server.requests.map((path) => path.split("?")[0]).sort()).toEqual([
      "/api/timeline",
      "/api/timeline/geometry",
      "/api/timeline/tiles",
    ]);
  });

  it("asks for the first page while it opens, and takes it if it is of the same state", async () => {
    await library.load(0, 200);
    expect([tileRequests(), library.tile(0)?.id]).toEqual([1, idOf(0)]);
    const other = new Library({});
    await other.open();
    expect(tileRequests()).toBe(2);
    other.close();
  });

  it("loads a page once for all who ask, and tells of it", async () => {
    const loads: number[][] = [];
    library.onload((...range) => loads.push(range));
    const [tile] = await Promise.all([library.get(250), library.load(201, 399)]);
    expect(tile).toMatchObject({ ordinal: 250, id: idOf(250), offset: 120, time: (1_712_900_000 - 50 * 60) * 1000 });
    expect(loads).toEqual([[200, 400]]);
    expect(library.tile(399)?.id).toBe(idOf(399));
    expect(library.tile(400)).toBeUndefined();
  });

  it("gives up pages that are no longer looked at, unless somebody waits for them", async () => {
    server.isHeld = true;
    library.look(200, 600);
    const waiting = library.load(600, 601);
    waiting.catch(() => {});
    await settled();
    library.look(800, 900);
    await settled();
    expect(server.aborted).toBe(2);
    expect(tileRequests()).toBe(1 + 4); // the first page is requested when the view is opened
  });

  it("says that nothing changed, by the cursor", async () => {
    const changed = vi.fn();
    library.onchange(changed);
    expect(await library.refresh()).toBe(false);
    expect(changed).not.toHaveBeenCalled();
  });

  it("shows another state of the view when those who take part are ready", async () => {
    await library.load(0, 10);
    server.add(5000, 5001);
    const seen: unknown[] = [];
    library.onchange(() => seen.push(["changed", library.total]));
    library.participate(async (next) => {
      const ordinal = await next.ordinalOf(idOf(3));
      await next.load(ordinal!, ordinal! + 1);
      seen.push(["prepared", ordinal, library.total, next.tile(5)?.id]);
      return () => seen.push(["shown", library.tile(5)?.id]);
    });
    expect(await library.refresh()).toBe(true);
    expect(seen).toEqual([
      ["prepared", 5, 1000, idOf(3)],
      ["shown", idOf(3)],
      ["changed", 1002],
    ]);
  });

  it("reads again where the view changes while it is read", async () => {
    server.add(5000);
    let times = 0;
    library.participate(async (next) => {
      if (times++ === 0) server.add(5001);
      await next.ordinalOf(idOf(3));
      return () => {};
    });
    await library.refresh();
    expect([times, library.total, library.cursor]).toEqual([2, 1002, 9]);
  });

  it("refreshes by itself when a page is of a later state", async () => {
    server.add(5000);
    const changed = new Promise<void>((resolve) => library.onchange(resolve));
    await library.load(200, 201);
    await changed;
    expect(library.total).toBe(1001);
  });

  it("finds ordinals, loaded or not, and none of what the view does not hold", async () => {
    await library.load(0, 1);
    const before = server.requests.length;
    expect(await library.ordinalOf(idOf(150))).toBe(150);
    expect(server.requests.length).toBe(before);
    expect(await library.ordinalOf(idOf(700))).toBe(700);
    expect(await library.ordinalOf(idOf(7777))).toBeNull();
  });

  it("tells of an error, and tries again what is looked at", async () => {
    vi.useFakeTimers();
    const failed = vi.fn();
    library.onerror(failed);
    server.isBroken = true;
    library.look(200, 210);
    await vi.advanceTimersByTimeAsync(100);
    expect(failed).toHaveBeenCalledOnce();
    server.isBroken = false;
    await vi.advanceTimersByTimeAsync(3000);
    expect(library.tile(200)?.id).toBe(idOf(200));
  });

  it("waits longer after each failure", async () => {
    vi.useFakeTimers();
    server.isBroken = true;
    library.look(200, 210);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tileRequests()).toBe(1 + 5); // at 0, 2, 6, 14 and 30 seconds
    library.look(201, 211);
    await vi.advanceTimersByTimeAsync(0);
    expect(tileRequests()).toBe(1 + 5);
  });

  it("does not repeat what the server refuses, until it is retried", async () => {
    vi.useFakeTimers();
    const failed = vi.fn();
    library.onerror(failed);
    [server.isBroken, server.status] = [true, 404];
    library.look(200, 210);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect([tileRequests(), failed.mock.calls.length]).toEqual([2, 1]);
    server.isBroken = false;
    await library.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(library.tile(200)?.id).toBe(idOf(200));
  });

  it("reports a failure to those who wait for a page outside the window, and requests it anew for the next", async () => {
    server.isBroken = true;
    await expect(library.get(700)).rejects.toThrow("broken");
    server.isBroken = false;
    expect((await library.get(700)).id).toBe(idOf(700));
  });

  it("ends all requests when it is closed", async () => {
    vi.useFakeTimers();
    server.isBroken = true;
    library.look(200, 210);
    await vi.advanceTimersByTimeAsync(100);
    library.close();
    const requests = tileRequests();
    await vi.advanceTimersByTimeAsync(100_000);
    await expect(library.get(300)).rejects.toThrow();
    expect([await library.refresh(), tileRequests()]).toEqual([false, requests]);
  });

  it("reads tiles again, and keeps the old ones until then", async () => {
    library.look(0, 10);
    await library.load(0, 400);
    const loads: number[][] = [];
    library.onload((...range) => loads.push(range));
    server.ratings = { 4: 5 };
    const reloaded = library.reload();
    expect([library.tile(4)?.rating, library.tile(399)?.id]).toEqual([null, idOf(399)]);
    await reloaded;
    expect([library.tile(4)?.rating, library.tile(204)?.rating, loads]).toEqual([5, null, [[0, 200]]]);
    await library.load(200, 201);
    expect(library.tile(204)?.rating).toBe(5);
  });

  it("reads again what was on its way when it is reloaded, for those who wait too", async () => {
    library.look(200, 210);
    server.isHeld = true;
    const waiting = library.get(650);
    await settled();
    server.isHeld = false;
    server.ratings = { 50: 3 };
    await library.reload();
    expect(library.tile(250)?.rating).toBe(3);
    server.isHeld = true;
    const other = library.get(450);
    await settled();
    server.isHeld = false;
    void library.reload();
    library.look(400, 600);
    expect((await other).rating).toBe(3);
    library.close();
    await expect(waiting).rejects.toThrow();
  });

  it("reports what cannot be reloaded, and keeps the old tiles", async () => {
    const failed = vi.fn();
    library.onerror(failed);
    library.look(0, 10);
    await library.load(0, 10);
    server.isBroken = true;
    await library.reload();
    expect([failed.mock.calls.length, library.tile(4)?.id]).toEqual([1, idOf(4)]);
  });

  it("gets a tile of the present state where the view changes while it is read", async () => {
    server.isHeld = true;
    const tile = library.get(650);
    await settled();
    server.isHeld = false;
    server.add(5000);
    await library.refresh();
    expect((await tile).id).toBe(idOf(649));
  });

  it("forgets the pages that were looked at longest ago", async () => {
    server.ids = Array.from({ length: 40_000 }, (_, i) => i);
    server.cursor++;
    await library.refresh();
    for (let start = 0; start < 40_000; start += 1000) {
      library.look(start, start + 1000);
      await settled();
    }
    expect(library.tile(0)).toBeUndefined();
    expect(library.tile(39_000)?.id).toBe(idOf(39_000));
    const before = tileRequests();
    library.look(39_000, 40_000);
    expect(tileRequests()).toBe(before);
  });

  it("rejects what there is not, and shows edits at once", async () => {
    await expect(library.get(1000)).rejects.toThrow(RangeError);
    await library.load(0, 1);
    library.patch(idOf(4), { favorite: true, rating: 5 });
    expect(library.tile(4)).toMatchObject({ favorite: true, rating: 5 });
  });
});

describe("tilesOf", () => {
  it("reads all columns", () => {
    const page: TileColumns = {
      ...columns(1, 40, [1, 2, 3]),
      times: [1000, 10, -5],
      offsets: [
        [1, null],
        [2, -14],
      ],
      kinds: [Kind.video, Kind.raw | Kind.stack, 0],
      places: {
        names: ["Rome", "Oslo"],
        of: [
          [2, 1],
          [1, null],
        ],
      },
      durations: { 0: 12.5 },
      ratings: { 1: 5 },
      favorites: [2],
      stacks: { 1: 3 },
      descriptions: { 2: "<b>" },
    };
    expect(tilesOf(page).map(({ ordinal, time, offset, place }) => [ordinal, time, offset, place])).toEqual([
      [40, 1_000_000, null, "Oslo"],
      [41, 990_000, -210, "Oslo"],
      [42, 995_000, -210, null],
    ]);
    expect(tilesOf(page)[1]).toMatchObject({ rating: 5, stack: 3, favorite: false, duration: null });
    expect(tilesOf(page)[2]).toMatchObject({ description: "<b>", favorite: true, stack: 1 });
  });

  it("refuses columns that do not fit together", () => {
    expect(() => tilesOf({ ...columns(1, 0, [1, 2]), kinds: [0] })).toThrow("malformed");
    expect(() => tilesOf({ ...columns(1, 0, [1, 2]), ids: "short" })).toThrow("malformed");
  });
});
