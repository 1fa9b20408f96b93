/** Remembers in each entry of the history where its timeline was, for Back and reload. */
import { router, type Anchor } from "./route.svelte";

/** The timeline rests when it has not scrolled for this long. */
const REST_MS = 400;

export class Place {
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** False while the timeline still has to find the place to begin at, which must not be lost. */
  #hasScrolled = false;

  /** anchor: null where it is not known, or not that of the entry's timeline. */
  constructor(private readonly anchor: () => Anchor | null) {}

  scrolled(): void {
    this.#hasScrolled = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), REST_MS);
  }

  save(): void {
    clearTimeout(this.#timer);
    if (!this.#hasScrolled || router.route.photo !== null) return;
    const anchor = this.anchor();
    if (anchor) router.keepAnchor(anchor);
  }

  /** Another entry takes the place of this one. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#hasScrolled = false;
  }
}
