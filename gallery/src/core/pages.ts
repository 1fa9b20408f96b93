/** The tiles of one state of a view, by pages: loaded as they are looked at, the least recent forgotten. */
import { ApiError, getJson } from "../api";
import { viewParams, type View } from "../view";
import { tilesOf, type Tile, type TileColumns } from "./tile";

interface Page {
  /** Those read before, while the page is read again. */
  tiles: Tile[] | null;
  loaded: Promise<void>;
  abort: AbortController;
  /** Calls of `load` that wait for it; without any it is given up when it leaves the window. */
  waiting: number;
  /** Read again when it is needed next. */
  isStale: boolean;
  hasFailed: boolean;
}

export interface PagesEvents {
  loaded(start: number, stop: number): void;
  /** A page in the window could not be read. It is tried again, unless the server refused it (4xx). */
  failed(error: unknown): void;
  /** The server answered for a later state of the view. */
  stale(): void;
}

const PAGE = 200;
/** Maximum number of pages in memory: 16,000 tiles, about 8 MB. */
const MAX_PAGES = 80;
/** Delay before failed pages are read again: doubled by each failure. */
const RETRY_MS = 2000;
const RETRY_MAX_MS = 60_000;
/** Maximum number of ids in one request. */
const IDS = 10_000;

export class Pages {
  readonly #pages = new Map<number, Page>();
  #window: [number, number] = [0, -1];
  #first: Promise<TileColumns | null> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delay = RETRY_MS;
  #isClosed = false;

  constructor(
    readonly view: View,
    readonly cursor: number,
    readonly total: number,
    readonly events: PagesEvents,
  ) {}

  tile(ordinal: number): Tile | undefined {
    return this.#pages.get(Math.floor(ordinal / PAGE))?.tiles?.[ordinal % PAGE];
  }

  find(id: string): Tile | undefined {
    for (const { tiles } of this.#pages.values()) {
      const tile = tiles?.find((tile) => tile.id === id);
      if (tile) return tile;
    }
    return undefined;
  }

  /** Takes what was read of the first page before the view's state was known; null where that failed. */
  expect(first: Promise<TileColumns | null>): void {
    if (this.total) this.#first = first;
  }

  /** Loads the pages of these tiles, aborts requests for others, and drops the least recently used pages. */
  look(start: number, stop: number): void {
    if (start >= stop) return;
    const [first, last] = (this.#window = [Math.floor(start / PAGE), Math.floor((stop - 1) / PAGE)]);
    for (const [index, page] of this.#pages)
      if ((!page.tiles || page.hasFailed) && !page.waiting && !this.#isLookedAt(index)) this.#drop(index, page);
    for (let index = first; index <= last; index++) this.#page(index);
    for (const [index, page] of this.#pages) {
      if (this.#pages.size <= MAX_PAGES) break;
      if (!page.waiting && !this.#isLookedAt(index)) this.#drop(index, page);
    }
  }

  /** Resolves when the tiles from start to before stop are there. */
  async load(start: number, stop: number): Promise<void> {
    const end = Math.min(stop, this.total);
    const loads: Promise<void>[] = [];
    for (let index = Math.floor(Math.max(0, start) / PAGE); index * PAGE < end; index++) loads.push(this.#load(index));
    await Promise.all(loads);
  }

  /** Reads again what was read: the window's pages now, others when they are needed. Old tiles stay until then. */
  async reload(): Promise<void> {
    for (const page of this.#pages.values()) page.isStale = true;
    const loads: Promise<void>[] = [];
    for (let index = this.#window[0]; index <= this.#window[1]; index++) loads.push(this.#load(index));
    await Promise.all(loads);
  }

  /** Reads what failed again, without waiting for the timer. */
  retry(): void {
    for (let index = this.#window[0]; index <= this.#window[1]; index++) this.#page(index, true);
  }

  /** Null where the view does not hold it. */
  async ordinalOf(id: string): Promise<number | null> {
    const params = paramsOf(this.view, { id });
    const answer = await getJson<{ ordinal: number | null; cursor: number }>("/api/timeline/position", params);
    if (answer.cursor !== this.cursor) this.events.stale();
    return answer.ordinal;
  }

  /** Rejects (409) where the view has changed: the ids would be those of other photos. */
  async ids(start: number, stop: number, members = false): Promise<string[]> {
    const parts: string[][] = [];
    for (let from = start; from < stop; from += IDS) {
      const params = paramsOf(this.view, { start: from, stop: Math.min(stop, from + IDS), cursor: this.cursor });
      if (members) params.set("members", "true");
      const { ids } = await getJson<{ ids: string[] }>("/api/timeline/ids", params).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 409) this.events.stale();
        throw error;
      });
      parts.push(ids);
    }
    return parts.flat();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const page of this.#pages.values()) page.abort.abort();
    this.#isClosed = true;
  }

  #isLookedAt(index: number): boolean {
    return this.#window[0] <= index && index <= this.#window[1];
  }

  async #load(index: number): Promise<void> {
    for (;;) {
      const page = this.#page(index, true);
      page.waiting++;
      try {
        await page.loaded;
      } catch (error) {
        const latest = this.#pages.get(index);
        if (!latest || latest === page) throw error;
        continue; // is read anew
      } finally {
        page.waiting--;
      }
      if (!page.isStale) return;
    }
  }

  /** The page, as the most recent one; requested where it is missing, stale, or (again) has failed. */
  #page(index: number, again = false): Page {
    const before = this.#pages.get(index);
    this.#pages.delete(index);
    if (before && !before.isStale && !(again && before.hasFailed)) {
      this.#pages.set(index, before);
      return before;
    }
    before?.abort.abort();
    const abort = new AbortController();
    if (this.#isClosed) abort.abort();
    const tiles = before?.tiles ?? null;
    const page: Page = { tiles, loaded: Promise.resolve(), abort, waiting: 0, isStale: false, hasFailed: false };
    this.#pages.set(index, page);
    page.loaded = this.#fetch(index, page);
    page.loaded.catch((error: unknown) => this.#failed(index, page, error));
    return page;
  }

  async #fetch(index: number, page: Page): Promise<void> {
    const { signal } = page.abort;
    const start = index * PAGE;
    const expected = index === 0 ? await this.#first : null;
    this.#first = null;
    signal.throwIfAborted();
    const columns = expected?.cursor === this.cursor ? expected : await readPage(this.view, start, signal);
    signal.throwIfAborted();
    page.tiles = tilesOf(columns);
    this.#delay = RETRY_MS;
    if (columns.cursor !== this.cursor) this.events.stale();
    this.events.loaded(start, start + page.tiles.length);
  }

  #failed(index: number, page: Page, error: unknown): void {
    if (page.abort.signal.aborted) return;
    page.hasFailed = true;
    if (!this.#isLookedAt(index)) return void this.#pages.delete(index);
    this.events.failed(error);
    if (isRefusal(error)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.retry(), this.#delay);
    this.#delay = Math.min(2 * this.#delay, RETRY_MAX_MS);
  }

  #drop(index: number, page: Page): void {
    this.#pages.delete(index);
    page.abort.abort();
  }
}

/** Whether the server will go on refusing the same request. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && ![408, 429].includes(error.status);
}

/** The page of tiles that begins at start. Rejects with ApiError, and with AbortError. */
export function readPage(view: View, start: number, signal?: AbortSignal): Promise<TileColumns> {
  return getJson<TileColumns>("/api/timeline/tiles", paramsOf(view, { start, stop: start + PAGE }), signal);
}

function paramsOf(view: View, more: Record<string, string | number>): URLSearchParams {
  const params = viewParams(view);
  for (const [name, value] of Object.entries(more)) params.set(name, String(value));
  return params;
}
