import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "../../src/api";
import type { Library } from "../../src/core/library";
import type { Tile } from "../../src/core/tile";
import { edits } from "../../src/edits.svelte";
import { Shown } from "../../src/viewer/shown.svelte";
import type { Stage } from "../../src/viewer/stage";

const tileOf = (id: string, ordinal: number): Tile => ({
  ...{ id, ordinal, time: 0, offset: null, ratio: 1.5, kind: 0, version: "v", thumbhash: null, duration: null },
  ...{ rating: null, favorite: false, stack: 1, place: null, description: null },
});

/** A view of these ids; `answer` holds back the positions that are asked for. */
class FakeLibrary {
  view = {};
  listeners: (() => void)[] = [];
  tiles: Tile[];
  answer: Promise<void> = Promise.resolve();
  constructor(ids: string[]) {
    this.tiles = ids.map(tileOf);
  }
  get total(): number {
    return this.tiles.length;
  }
  tile = (ordinal: number) => this.tiles[ordinal];
  get = (ordinal: number) =>
    this.tiles[ordinal] ? Promise.resolve(this.tiles[ordinal]) : Promise.reject(new RangeError("There is none."));
  async ordinalOf(id: string): Promise<number | null> {
    await this.answer;
    const ordinal = this.tiles.findIndex((tile) => tile.id === id);
    return ordinal < 0 ? null : ordinal;
  }
  patch(id: string, change: Partial<Tile>): void {
    Object.assign(this.tiles.find((tile) => tile.id === id) ?? {}, change);
  }
  onchange = (listener: () => void) => (this.listeners.push(listener), () => {});
  onload = () => () => {};
  refresh = () => Promise.resolve(false);
  become(ids: string[]): void {
    this.tiles = ids.map(tileOf);
    for (const listener of this.listeners) listener();
  }
}

/** Shows tiles at once, unless it is held. */
class FakeStage {
  slide = null;
  shown: string[] = [];
  retries = 0;
  hold: Promise<void> = Promise.resolve();
  #turn = 0;
  constructor(
    private readonly library: FakeLibrary,
    private readonly events: () => Shown,
  ) {}
  async show(ordinal: number): Promise<void> {
    const turn = ++this.#turn;
    const tile = await this.library.get(ordinal);
    await this.hold;
    if (turn !== this.#turn) return;
    this.shown.push(tile.id);
    this.events().stageEvents.onshow(tile);
  }
  showInstead(tile: Tile): Promise<void> {
    this.shown.push(tile.id);
    this.events().stageEvents.onshow(tile);
    return Promise.resolve();
  }
  rename(): void {}
  retry(): void {
    this.retries++;
  }
  close(): void {}
}

const settle = async () => {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
};

let library: FakeLibrary;
let stage: FakeStage;
let shown: Shown;
let moves: number[];
let isEmpty: boolean;
const PRESENT = [{ state: "present" }];
let stacks: Record<string, string[]>;

async function open(ids: string, at: string): Promise<void> {
  library = new FakeLibrary([...ids]);
  moves = [];
  isEmpty = false;
  shown = new Shown(library as unknown as Library, ids.indexOf(at), {
    onmove: (ordinal) => moves.push(ordinal),
    onshow: () => {},
    onempty: () => (isEmpty = true),
  });
  stage = new FakeStage(library, () => shown);
  await shown.open(stage as unknown as Stage);
}

beforeEach(() => {
  vi.useFakeTimers();
  stacks = {};
  vi.stubGlobal("fetch", (path: string) => {
    const id = path.split("/")[3]!;
    const asset = { id, metadata: { rating: null, description: null }, local_datetime: "", mime_type: "image/jpeg" };
    const body = {
      asset,
      is_favorite: false,
      problems: [],
      failures: [],
      files: PRESENT,
      stack: stacks[id] ?? [],
      motion: null,
      version: "v",
    };
    return Promise.resolve(new Response(JSON.stringify(body)));
  });
});

afterEach(() => {
  shown.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it("goes on showing a photo that moves within the view", async () => {
  await open("abcd", "c");
  library.become([..."xabcd"]);
  await settle();
  expect([shown.tile?.id, shown.ordinal, moves]).toEqual(["c", 3, [3]]);
  expect(stage.shown).toEqual(["c"]);
});

it("goes on to what it was on its way to when the view changes", async () => {
  await open("abcd", "b");
  let release = () => {};
  stage.hold = new Promise((resolve) => (release = resolve));
  void shown.go(2);
  library.become([..."xyabcd"]);
  await settle();
  release();
  await settle();
  expect([shown.tile?.id, shown.ordinal, moves.at(-1)]).toEqual(["c", 4, 4]);

  stage.hold = new Promise((resolve) => (release = resolve));
  void shown.go(99); // the last one, whichever that is
  library.become([..."xyabcdef"]);
  await settle();
  release();
  await settle();
  expect([shown.tile?.id, shown.ordinal]).toEqual(["f", 7]);
});

it("is not moved by the answer to an older change of the view", async () => {
  await open("abcd", "b");
  let release = () => {};
  library.answer = new Promise((resolve) => (release = resolve));
  library.become([..."xabcd"]);
  await shown.go(4); // before it is known where b is
  release();
  await settle();
  expect([shown.tile?.id, shown.ordinal]).toEqual(["d", 4]);
});

it("tells the page of the photo that takes the place of one that is gone", async () => {
  await open("abcd", "d");
  library.become([..."abc"]);
  await settle();
  expect([shown.tile?.id, moves]).toEqual(["c", [2]]);
  library.become([..."ab"]);
  await settle();
  library.become([]);
  await settle();
  expect([shown.tile?.id, moves, isEmpty]).toEqual(["b", [2, 1], true]);
});

it("shows the latest of several edits, and takes back only the one that fails", async () => {
  await open("abcd", "b");
  await shown.refresh();
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  vi.spyOn(edits, "send").mockImplementation(() => new Promise((resolve, reject) => ends.push({ resolve, reject })));
  const rating = () => shown.details?.asset.metadata.rating ?? 0;
  const first = shown.edit("b", { rating: 3 });
  const second = shown.edit("b", { rating: 5 });
  const third = shown.edit("b", { is_favorite: true });
  expect([rating(), shown.isFavorite, library.tile(1)?.rating]).toEqual([5, true, 5]);
  ends[0]!.resolve();
  await first;
  await shown.refresh(["b"]); // an answer of before the second edit
  expect(rating()).toBe(5);
  ends[1]!.reject(new ApiError(507, "the disk is full"));
  await expect(second).rejects.toThrow("the disk is full");
  expect([rating(), shown.isFavorite, library.tile(1)?.rating]).toEqual([0, true, 3]);
  ends[2]!.resolve();
  await third;
  expect([shown.isFavorite, library.tile(1)?.favorite]).toEqual([true, true]);
});

it("retries a picture that failed, though another is shown, and calls it ready", async () => {
  await open("ab", "a");
  shown.stageEvents.onfail("preview");
  expect([shown.failure, shown.isReady]).toEqual([null, true]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(stage.retries).toBe(1);
  await vi.advanceTimersByTimeAsync(4000);
  expect(stage.retries).toBe(2);
  shown.stageEvents.onfail("thumbnail");
  expect(shown.failure).toContain("cannot be shown");
  await shown.go(1);
  expect(shown.failure).toBeNull();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(stage.retries).toBe(2);
});

it("moves the stack of a tile, but only the member that was chosen", async () => {
  const send = vi.spyOn(edits, "send").mockResolvedValue();
  for (const id of "bxy") stacks[id] = [..."bxy"];
  await open("abc", "b");
  await shown.refresh();
  await shown.showMember("x");
  expect([shown.tile?.id, shown.isMember]).toEqual(["x", true]);
  await shown.moveOut(true);
  expect(send).toHaveBeenLastCalledWith(["x"], { is_trashed: true });
  expect([shown.tile?.id, shown.isMember, shown.ordinal]).toEqual(["y", true, 1]); // the next of the burst
  await shown.moveOut(true);
  expect([shown.tile?.id, shown.ordinal]).toEqual(["b", 1]);
  await shown.moveOut(true);
  expect(send).toHaveBeenLastCalledWith(["b"], { is_trashed: true });
  expect(shown.tile?.id).toBe("c");

  library.tile(0)!.stack = 3;
  Object.assign(library, { ids: () => Promise.resolve([..."axy"]) });
  library.ordinalOf = () => Promise.resolve(0);
  await shown.go(0);
  await shown.moveOut(true);
  expect(send).toHaveBeenLastCalledWith([..."axy"], { is_trashed: true });
});

it("stays in a stack of which a member was chosen, whatever changes meanwhile", async () => {
  for (const id of "bxy") stacks[id] = [..."bxy"];
  await open("abc", "b");
  const ordinalOf = library.ordinalOf.bind(library);
  const gone = new Set<string>();
  library.ordinalOf = (id) => (gone.has(id) ? Promise.resolve(null) : ordinalOf("xy".includes(id) ? "b" : id));
  await shown.refresh();

  void shown.showMember("x"); // and the view changes before its details are there
  library.become([..."zabc"]);
  await settle();
  expect([shown.tile?.id, shown.isMember, shown.ordinal]).toEqual(["x", true, 2]);

  let end = () => {};
  const send = vi.spyOn(edits, "send").mockReturnValue(new Promise((resolve) => (end = resolve)));
  const moved = shown.moveOut(true);
  gone.add("x");
  library.become([..."abc"]); // the change is seen before the answer to the request
  await settle();
  end();
  await moved;
  await settle();
  expect([shown.tile?.id, shown.isMember, shown.ordinal]).toEqual(["y", true, 1]);
  void shown.moveOut(true);
  expect(send).toHaveBeenLastCalledWith(["y"], { is_trashed: true });
});

it("goes back to the photo that an undo returns, unless the user has gone elsewhere", async () => {
  vi.spyOn(edits, "send").mockResolvedValue();
  const remove = async (left: string) => {
    await shown.moveOut(true);
    library.become([...left]);
    await settle();
  };
  const undo = async (ids: string, left: string) => {
    library.become([...left]);
    await shown.comeBack([...ids]);
    await settle();
  };
  await open("abcd", "a");
  await remove("bcd");
  await remove("cd");
  expect(shown.tile?.id).toBe("c");
  await undo("b", "bcd");
  expect([shown.tile?.id, shown.ordinal, moves.at(-1)]).toEqual(["b", 0, 0]);
  await undo("a", "abcd");
  expect([shown.tile?.id, shown.ordinal, moves.at(-1)]).toEqual(["a", 0, 0]);

  await remove("bcd");
  await shown.go(1);
  await undo("a", "abcd");
  expect([shown.tile?.id, shown.ordinal]).toEqual(["c", 2]);
  await undo("d", "abcd"); // of something else
  expect(shown.tile?.id).toBe("c");
});

it("stays where the user goes while the photo that comes back is looked for", async () => {
  vi.spyOn(edits, "send").mockResolvedValue();
  await open("abcd", "a");
  await shown.moveOut(true);
  library.become([..."bcd"]);
  await settle();
  let release = () => {};
  library.answer = new Promise((resolve) => (release = resolve));
  library.become([..."abcd"]);
  const back = shown.comeBack(["a"]);
  await shown.go(3);
  release();
  await back;
  await settle();
  expect([shown.tile?.id, shown.ordinal]).toEqual(["d", 3]);
});

it("can move a photo again that came back before the view had changed", async () => {
  const send = vi.spyOn(edits, "send").mockResolvedValue();
  await open("ab", "a");
  await shown.moveOut(true);
  await shown.comeBack(["a"]);
  expect(shown.tile?.id).toBe("a");
  await shown.moveOut(true);
  expect(send).toHaveBeenCalledTimes(2);
});

it("goes back to the member of a stack that an undo returns", async () => {
  vi.spyOn(edits, "send").mockResolvedValue();
  for (const id of "bxy") stacks[id] = [..."bxy"];
  await open("abc", "b");
  const ordinalOf = library.ordinalOf.bind(library);
  library.ordinalOf = (id) => ordinalOf("xy".includes(id) ? "b" : id);
  await shown.refresh();
  await shown.showMember("x");
  await shown.moveOut(true);
  expect(shown.tile?.id).toBe("y");
  await shown.comeBack(["x"]);
  expect([shown.tile?.id, shown.isMember, shown.ordinal]).toEqual(["x", true, 1]);
});

it("takes the member of a stack that was chosen last, also before its details are there", async () => {
  const send = vi.spyOn(edits, "send").mockResolvedValue();
  for (const id of "bxy") stacks[id] = [..."bxy"];
  await open("abc", "b");
  await shown.refresh();
  const choosing = shown.showMember("x");
  expect([shown.tile?.id, shown.member]).toEqual(["b", "x"]);
  await shown.moveOut(true); // not all of the stack, which is in view still
  await choosing;
  expect(send).toHaveBeenLastCalledWith(["x"], { is_trashed: true });

  await shown.showMember("b");
  const late = shown.showMember("y");
  await shown.showMember("b");
  await late;
  await settle();
  expect([shown.tile?.id, shown.isMember, shown.member]).toEqual(["b", true, "b"]);
});
