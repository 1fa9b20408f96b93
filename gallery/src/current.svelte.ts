/** The view that is shown: its library and selection; or why it cannot be shown. */
import { ApiError, getJson, messageOf } from "./api";
import { Library } from "./core/library";
import { isRefusal } from "./core/pages";
import { Selection } from "./core/selection";
import { session } from "./session.svelte";
import { viewParams, type View } from "./view";

/** Maximum number of views that stay open, as Back may lead to them. */
const KEPT = 6;
/** Minimum time between rereadings of tiles for changes that leave the view as it is. */
const RELOAD_MS = 2000;

/** A refresh under way. */
interface Refresh {
  done: Promise<void>;
  /** The index has changed since it began. */
  hasChanged: boolean;
  isOwn: boolean;
}

export class Current {
  /** Null until the first view is open, and where the present one cannot be shown. */
  library = $state.raw<Library | null>(null);
  selection = $state.raw(new Selection());
  /** Number of selected tiles. */
  selected = $state(0);
  /** Tiles. */
  total = $state(0);
  /** All photos are dated by their files only, and so have no heading. */
  isUndated = $state(false);
  /** Of the album or person that is shown. */
  name = $state<string | null>(null);
  isLoading = $state(false);
  /** Why the view cannot be shown. */
  error = $state<string | null>(null);
  /** Why a part of it cannot be shown. */
  warning = $state<string | null>(null);
  #requested = $state.raw<View>({});
  /** What is on screen; the requested view until then. */
  readonly view = $derived(this.library?.view ?? this.#requested);
  readonly #kept = new Map<string, Library>();
  #key: string | null = null;
  #opening: AbortController | null = null;
  readonly #refreshes = new Map<Library, Refresh>();
  #reloadedAt = -RELOAD_MS;
  #reloading: ReturnType<typeof setTimeout> | undefined;

  isShowing(view: View): boolean {
    return this.library !== null && keyOf(this.library.view) === keyOf(view);
  }

  async show(view: View): Promise<void> {
    const key = keyOf(view);
    if (key === this.#key && this.error === null) return;
    this.#key = key;
    this.#requested = view;
    this.#opening?.abort();
    this.#opening = null;
    this.error = this.warning = null;
    this.isLoading = false;
    const kept = this.#kept.get(key);
    if (kept) {
      this.#put(key, kept);
      return this.refresh();
    }
    const opening = (this.#opening = new AbortController());
    this.isLoading = true;
    const library = new Library(view);
    try {
      await library.open(opening.signal);
      if (this.#opening === opening) this.#put(key, library);
      else library.close();
    } catch (error) {
      library.close();
      if (this.#opening === opening) this.#fail(error, null);
    } finally {
      if (this.#opening === opening) {
        this.#opening = null;
        this.isLoading = false;
      }
    }
  }

  /** Shows what has changed in the index. isOwn: the user changed it, and looks for it. */
  refresh(isOwn = false): Promise<void> {
    const { library } = this;
    if (!library) return Promise.resolve();
    const running = this.#refreshes.get(library);
    if (running) {
      running.hasChanged = true;
      running.isOwn ||= isOwn;
      return running.done;
    }
    const refresh = { done: Promise.resolve(), hasChanged: true, isOwn };
    this.#refreshes.set(library, refresh);
    refresh.done = this.#refresh(library, refresh).finally(() => this.#refreshes.delete(library));
    return refresh.done;
  }

  /** Tries again to show what could not be shown. */
  async retry(): Promise<void> {
    if (this.error !== null) await this.show(this.#requested);
    else await this.refresh();
  }

  async #refresh(library: Library, refresh: Refresh): Promise<void> {
    while (refresh.hasChanged && this.library === library) {
      refresh.hasChanged = false;
      try {
        // The view is as it was; its tiles may not be.
        if (!(await library.refresh()) && this.library === library) this.#reload(refresh.isOwn);
      } catch (error) {
        this.#fail(error, library);
      }
    }
  }

  #reload(isUrgent: boolean): void {
    const reload = () => {
      clearTimeout(this.#reloading);
      this.#reloading = undefined;
      this.#reloadedAt = performance.now();
      void this.library?.reload();
    };
    const delay = this.#reloadedAt + RELOAD_MS - performance.now();
    if (isUrgent || delay <= 0) reload();
    else this.#reloading ??= setTimeout(reload, delay);
  }

  #put(key: string, library: Library): void {
    if (!this.#kept.has(key)) this.#listen(library);
    this.#kept.delete(key);
    this.#kept.set(key, library);
    for (const [oldest, evicted] of [...this.#kept].slice(0, -KEPT)) {
      evicted.close();
      this.#kept.delete(oldest);
    }
    if (library === this.library) return;
    const selection = new Selection();
    selection.onchange(() => {
      if (this.selection === selection) this.selected = selection.count;
    });
    this.selection = selection;
    this.selected = 0;
    this.name = null;
    this.#reloadedAt = -RELOAD_MS;
    this.library = library;
    this.#count(library);
    void this.#loadName(library);
  }

  #listen(library: Library): void {
    library.onchange(() => this.#count(library));
    library.onload(() => {
      if (this.library === library) this.warning = null;
    });
    library.onerror((error) => this.#fail(error, library));
  }

  #count(library: Library): void {
    if (this.library !== library) return;
    const { total, undated, view } = library;
    this.total = total;
    this.isUndated = total > 0 && undated === total && view.order !== "best";
  }

  async #loadName(library: Library): Promise<void> {
    const { album_id, person_id } = library.view;
    const path = album_id ? `/api/albums/${album_id}` : person_id ? `/api/people/${person_id}` : null;
    if (!path) return;
    try {
      const { name } = await getJson<{ name: string | null }>(path);
      if (this.library === library) this.name = name || null;
    } catch {
      // The library reports what is wrong.
    }
  }

  /** library: the one that failed; null: the one that is being opened. */
  #fail(error: unknown, library: Library | null): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    const status = error instanceof ApiError ? error.status : null;
    if (status === 401) void session.load().catch(() => {}); // asks for the key where that is why
    if (library && library !== this.library) return;
    if (library && status === 401) return;
    if (library && !isRefusal(error)) {
      // Without the server nothing else works either, and the page says so.
      if (status !== 0) this.warning = messageOf(error);
      return;
    }
    if (library) {
      library.close();
      this.#kept.delete(keyOf(library.view));
    }
    this.library = null;
    this.selected = 0;
    this.error = messageOf(error);
  }
}

function keyOf(view: View): string {
  return viewParams(view).toString();
}

export const current = new Current();
