/** The photo that is open in the viewer: its place in the view, and its id in the page's address. */
import { tick } from "svelte";
import { current } from "./current.svelte";
import type { Library } from "./core/library";
import { edits } from "./edits.svelte";
import { router } from "./route.svelte";
import { write } from "./storage";
import type Timeline from "./timeline/Timeline.svelte";

/** Browsers limit how often an address may change; a key held down turns pages faster. */
const TURN_MS = 200;

/** An address that was cut off names no photo. */
const ID = /^asset_[2-9A-HJ-NP-Za-km-z]{22}$/;

/** In the tab's storage: the page was reloaded because a part of it was missing. */
export const RELOADED = "reloaded";

// Lazy: the timeline does not wait for the viewer.
const loadViewer = () => import("./viewer/Viewer.svelte");
type Viewer = Awaited<ReturnType<typeof loadViewer>>["default"];

export class OpenPhoto {
  /** Null: none is open. Set only when the viewer's code is there. */
  ordinal = $state<number | null>(null);
  Viewer = $state.raw<Viewer | null>(null);
  /** Of the latest navigation; earlier ones are dropped when their answers come. */
  #generation = 0;
  #hasFailed = false;
  #library: Library | null = null;
  #turn: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly timeline: () => Timeline | undefined) {}

  async preload(): Promise<void> {
    if (this.Viewer) return;
    try {
      this.Viewer = (await loadViewer()).default;
    } catch {
      throw new Error("A part of the page could not be loaded. Try again, or reload the page.");
    }
    write(RELOADED, null, "sessionStorage");
  }

  /** Shows the photo of the address. */
  async follow(photo: string | null, library: Library | null): Promise<void> {
    if (library !== this.#library) this.ordinal = null; // of another view
    this.#library = library;
    if (photo === null) return this.#leave();
    if (!library || !current.isShowing(router.route.view)) return;
    if (this.ordinal !== null && library.tile(this.ordinal)?.id === photo) return;
    const generation = this.#begin();
    try {
      const [ordinal] = await Promise.all([ID.test(photo) ? library.ordinalOf(photo) : null, this.preload()]);
      if (generation !== this.#generation) return;
      if (ordinal !== null) this.ordinal = ordinal;
      else {
        edits.notify("This photo is not here any more.", true);
        router.close(null);
      }
    } catch (error) {
      this.#fail(error, generation);
    }
  }

  /** The user opens a photo of the timeline. */
  async open(ordinal: number): Promise<void> {
    const { library } = current;
    if (!library || !current.isShowing(router.route.view)) return;
    const generation = this.#begin();
    try {
      const [tile] = await Promise.all([library.get(ordinal), this.preload()]);
      if (generation !== this.#generation || current.library !== library) return;
      this.ordinal = ordinal;
      router.open(tile.id);
    } catch (error) {
      this.#fail(error, generation);
      this.#hasFailed = false; // the user can open it again
    }
  }

  /** The viewer shows another photo. */
  async move(ordinal: number): Promise<void> {
    const { library } = current;
    const generation = this.#begin();
    this.ordinal = ordinal;
    this.timeline()?.scrollTo(ordinal, { align: "nearest" });
    try {
      const tile = await library?.get(ordinal);
      if (tile && generation === this.#generation) this.#turn = setTimeout(() => router.turnTo(tile.id), TURN_MS);
    } catch {
      // The viewer reports it.
    }
  }

  /** The viewer is closed. */
  close(ordinal: number): void {
    this.ordinal = ordinal;
    this.timeline()?.scrollTo(ordinal, { align: "nearest" });
    router.close(this.timeline()?.anchor() ?? null);
    void this.#leave();
  }

  /** Looks again for the photo of the address where that failed. */
  retry(): void {
    if (this.#hasFailed) void this.follow(router.route.photo, current.library);
  }

  #begin(): number {
    clearTimeout(this.#turn);
    this.#hasFailed = false;
    return ++this.#generation;
  }

  async #leave(): Promise<void> {
    this.#begin();
    const last = this.ordinal;
    this.ordinal = null;
    if (last === null) return;
    await tick(); // until then the timeline is inert
    this.timeline()?.focusTile(last);
  }

  #fail(error: unknown, generation: number): void {
    if (generation !== this.#generation) return;
    this.#hasFailed = true;
    edits.fail(error);
  }
}
