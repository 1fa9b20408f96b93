/** The assets of one view: totals and aspect ratios at once, tiles by pages as they are looked at. */
import { getJson, request, url } from "../api";
import { viewParams, type View } from "../view";
import { prefixSums } from "./geometry";
import { isRefusal, Pages, readPage } from "./pages";
import type { Tile } from "./tile";

interface Totals {
  cursor: number;
  total: number;
  undated: number;
  days: string[];
  counts: number[];
}

interface State {
  totals: Totals;
  ratios: Uint8Array;
  /** Of the geometry: it begins with the cursor. */
  etag: string | null;
}

/** Prepares for a later state of the view, before it is shown; returns what is done when it is. */
export type Participant = (next: Pages) => Promise<() => void>;

/** Delay of a refresh that a page of a later state calls for. */
const STALE_MS = 500;
/** The greatest delay between refreshes that fail. */
const STALE_MAX_MS = 60_000;
/** Maximum number of reads of a view that changes while it is read. */
const ATTEMPTS = 4;
const EMPTY: Totals = { cursor: -1, total: 0, undated: 0, days: [], counts: [] };

export class Library {
  /** Where each day begins, and, last, where the undated begin. */
  dayStarts: Uint32Array = new Uint32Array(1);
  /** A byte a tile. */
  ratios: Uint8Array = new Uint8Array();
  #totals = EMPTY;
  #etag: string | null = null;
  #pages: Pages;
  #refreshing: Promise<boolean> | null = null;
  #isClosed = false;
  #stale: ReturnType<typeof setTimeout> | undefined;
  readonly #changes = new Set<() => void>();
  readonly #loads = new Set<(start: number, stop: number) => void>();
  readonly #errors = new Set<(error: unknown) => void>();
  readonly #participants = new Set<Participant>();

  constructor(readonly view: View) {
    this.#pages = this.#pagesOf(EMPTY);
  }

  /** The change of the index at which the view last changed; -1 before it is open. */
  get cursor(): number {
    return this.#totals.cursor;
  }

  /** Tiles in the view. */
  get total(): number {
    return this.#totals.total;
  }

  /** Tiles whose date is only that of their file; they come last. */
  get undated(): number {
    return this.#totals.undated;
  }

  /** "2024-04-12", in the view's order. */
  get days(): string[] {
    return this.#totals.days;
  }

  get isOpen(): boolean {
    return this.cursor >= 0;
  }

  /** Fetches totals and geometry. Rejects with ApiError, and with AbortError. */
  async open(signal?: AbortSignal): Promise<void> {
    const first = readPage(this.view, 0, signal).catch(() => null); // most begin there; a failure is repeated when it is looked at
    const state = await this.#read(null, signal);
    if (!state) return;
    const pages = this.#pagesOf(state.totals);
    pages.expect(first);
    this.#show(state, pages, []);
  }

  /** Fetches what changed, and says whether anything did. What is looked at is loaded before it takes the old's place. */
  refresh(): Promise<boolean> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  /**
   * Reads tiles again whose values may have changed while the order of the view has not. Old ones stay until then.
   * Failures are reported to `onerror`, and repeated.
   */
  async reload(): Promise<void> {
    await this.#refreshing?.catch(() => {}); // what it has read already may be older than the change
    await this.#pages.reload().catch(() => {});
  }

  /** Requests again what could not be loaded, as when the server was away. */
  retry(): void {
    this.#pages.retry();
  }

  tile(ordinal: number): Tile | undefined {
    return this.#pages.tile(ordinal);
  }

  /** Loads the tiles that are looked at, and aborts requests for others. */
  look(start: number, stop: number): void {
    this.#pages.look(start, Math.min(stop, this.total));
  }

  /** Resolves when the tiles from start to before stop are there. */
  load(start: number, stop: number): Promise<void> {
    return this.#current((pages) => pages.load(start, stop));
  }

  /** The tile in the present state of the view. Rejects with ApiError, or RangeError where there is none. */
  get(ordinal: number): Promise<Tile> {
    return this.#current(async (pages) => {
      await pages.load(ordinal, ordinal + 1);
      const tile = pages.tile(ordinal);
      if (!tile) throw new RangeError(`There is no photo ${ordinal + 1} in this view.`);
      return tile;
    });
  }

  /** Null where the view does not hold it. Members of a stack have the stack's. */
  ordinalOf(id: string): Promise<number | null> {
    return this.#current(async (pages) => pages.find(id)?.ordinal ?? pages.ordinalOf(id));
  }

  /** Shows an edit before the server's change of the view is read. */
  patch(id: string, change: Partial<Tile>): void {
    const tile = this.#pages.find(id);
    if (!tile) return;
    Object.assign(tile, change);
    this.#notifyLoaded(tile.ordinal, tile.ordinal + 1);
  }

  /** The assets from start to before stop; members: with all those of stacks. */
  ids(start: number, stop: number, members = false): Promise<string[]> {
    return this.#pages.ids(start, stop, members);
  }

  /** Called when the view is opened or has changed: ordinals mean other assets. */
  onchange(listener: () => void): () => void {
    return subscribe(this.#changes, listener);
  }

  /** Called when tiles are there, or edited. */
  onload(listener: (start: number, stop: number) => void): () => void {
    return subscribe(this.#loads, listener);
  }

  /** Called when something could not be loaded in the background. It is repeated, unless the server refused it (4xx). */
  onerror(listener: (error: unknown) => void): () => void {
    return subscribe(this.#errors, listener);
  }

  /** Takes part in changes of the view. */
  participate(participant: Participant): () => void {
    return subscribe(this.#participants, participant);
  }

  /** Ends all that is under way. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#stale);
    this.#pages.close();
    for (const listeners of [this.#changes, this.#loads, this.#errors, this.#participants]) listeners.clear();
  }

  /** Repeats what was read from one state of the view while another took its place. */
  async #current<T>(read: (pages: Pages) => Promise<T>): Promise<T> {
    for (;;) {
      const pages = this.#pages;
      try {
        const value = await read(pages);
        if (pages === this.#pages) return value;
      } catch (error) {
        if (pages === this.#pages) throw error;
      }
    }
  }

  async #refresh(): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const state = await this.#read(this.cursor);
      if (this.#isClosed) return false;
      if (!state) {
        this.#pages.retry();
        return false;
      }
      let isStale = false;
      const pages = this.#pagesOf(state.totals, () => (isStale = true));
      const preparing = Promise.all([...this.#participants].map((participant) => participant(pages)));
      const steps = await preparing.catch((error: unknown) => {
        pages.close();
        throw error;
      });
      if (isStale && attempt < ATTEMPTS) {
        pages.close();
        continue;
      }
      if (this.#isClosed) return false;
      this.#show(state, pages, steps);
      return true;
    }
  }

  /** Totals and geometry of one state; null where the view is still as it was at the cursor. */
  async #read(cursor: number | null, signal?: AbortSignal): Promise<State | null> {
    const params = viewParams(this.view);
    const headers: HeadersInit = cursor !== null && this.#etag ? { "if-none-match": this.#etag } : {};
    for (let attempt = 1; ; attempt++) {
      const geometry = request(url("/api/timeline/geometry", params), { headers, signal: signal ?? null });
      const [totals, answer] = await Promise.all([getJson<Totals>("/api/timeline", params, signal), geometry]);
      if (answer.status === 304) return null;
      const ratios = new Uint8Array(await answer.arrayBuffer());
      const etag = answer.headers.get("etag");
      const isSame = etag === null || Number(/"(\d+)/.exec(etag)?.[1]) === totals.cursor;
      if (ratios.length === totals.total && isSame) return { totals, ratios, etag };
      if (attempt === ATTEMPTS) throw new Error("The photos change too fast to be shown.");
    }
  }

  #show({ totals, ratios, etag }: State, pages: Pages, steps: (() => void)[]): void {
    this.#etag = etag;
    this.#pages.close();
    this.#pages = pages;
    this.#totals = totals;
    this.ratios = ratios;
    this.dayStarts = prefixSums(totals.counts);
    for (const step of steps) step();
    for (const listener of this.#changes) listener();
  }

  #pagesOf({ cursor, total }: Totals, onstale?: () => void): Pages {
    const pages: Pages = new Pages(this.view, cursor, total, {
      loaded: (start, stop) => {
        if (this.#pages === pages) this.#notifyLoaded(start, stop);
      },
      failed: (error) => {
        if (this.#pages === pages) for (const listener of this.#errors) listener(error);
      },
      stale: () => (this.#pages === pages ? this.#refreshSoon() : onstale?.()),
    });
    return pages;
  }

  #refreshSoon(delay = STALE_MS): void {
    this.#stale ??= setTimeout(() => {
      this.#stale = undefined;
      this.refresh().catch((error: unknown) => {
        if (this.#isClosed) return;
        for (const listener of this.#errors) listener(error);
        if (!isRefusal(error)) this.#refreshSoon(Math.min(4 * delay, STALE_MAX_MS));
      });
    }, delay);
  }

  #notifyLoaded(start: number, stop: number): void {
    for (const listener of this.#loads) listener(start, stop);
  }
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
