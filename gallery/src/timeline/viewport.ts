/** The view on content of any height: where it is, how fast it moves, and when it rests. */
import { Spacer, type Place } from "../core/scroll";

/** Speeds in pixels a millisecond above which no pictures are requested, and no tiles either. */
const FLING = 5;
const FLIGHT = 40;
const REST_MS = 120;
/** The same while the scrubber is dragged. */
const SCRUB_MS = 60;

export interface ViewportEvents {
  /** Another part of the content is in view. isScroll: by scrolling. */
  moved(isScroll: boolean): void;
  /** Content is drawn at its position less `offset` from now on. */
  shifted(offset: number): void;
  rested(): void;
}

export class Viewport {
  /** The content's position at the view's top. */
  y = 0;
  /** Of the view, in CSS pixels. */
  width = 0;
  height = 0;
  /** Of the last movement: 1 is down. */
  direction = 1;
  readonly #spacer = new Spacer();
  /** Of the view in the window, in CSS pixels. */
  #top = 0;
  #offset = 0;
  #speed = 0;
  #lastTime = 0;
  #isHurried = false;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #abort = new AbortController();

  constructor(
    readonly scroller: HTMLElement,
    readonly spacerElement: HTMLElement,
    readonly events: ViewportEvents,
  ) {
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true, signal: this.#abort.signal });
  }

  destroy(): void {
    clearTimeout(this.#restTimer);
    this.#abort.abort();
  }

  get offset(): number {
    return this.#offset;
  }

  /** The last content position of the view's top. */
  get last(): number {
    return this.#spacer.last;
  }

  /** The height of what is scrolled; the content's, as far as browsers allow it. */
  get scrolledHeight(): number {
    return this.#spacer.height;
  }

  get wantsTiles(): boolean {
    return !this.#isHurried && this.#speed < FLIGHT;
  }

  get wantsPictures(): boolean {
    return !this.#isHurried && this.#speed < FLING;
  }

  /** Reads the element's size; null where it is as before, or hidden. lower: pixels by which its top went down. */
  measure(): { hasOtherWidth: boolean; lower: number } | null {
    const { clientWidth, clientHeight } = this.scroller;
    if (!clientWidth || !clientHeight || (clientWidth === this.width && clientHeight === this.height)) return null;
    const { top } = this.scroller.getBoundingClientRect();
    const change = { hasOtherWidth: clientWidth !== this.width, lower: top - this.#top };
    this.#top = top;
    this.width = clientWidth;
    this.height = clientHeight;
    return change;
  }

  /** Takes the content's height, and shows it from y on. */
  setContent(height: number, y: number): void {
    this.#apply(this.#spacer.resize(height, this.height, y));
  }

  /** Shows the content from y on. isHurried: one of a series of such calls. */
  moveTo(y: number, isHurried = false): void {
    const now = performance.now();
    this.direction = y < this.y ? -1 : 1;
    this.#apply(this.#spacer.moveTo(Math.round(y)));
    this.#isHurried = isHurried && now - this.#lastTime < 2 * SCRUB_MS;
    this.#speed = 0;
    this.#lastTime = now;
    this.events.moved(false);
    this.restSoon(isHurried ? SCRUB_MS : REST_MS);
  }

  restSoon(delay = REST_MS): void {
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => this.rest(), delay);
  }

  rest(): void {
    this.#speed = 0;
    this.#isHurried = false;
    const place = this.#spacer.recenter(this.scroller.scrollTop, true);
    if (place) this.#apply(place);
    this.events.rested();
  }

  #scrolled(): void {
    const { scrollTop } = this.scroller;
    const y = this.#spacer.contentAt(scrollTop);
    const distance = y - this.y;
    this.y = y;
    if (Math.abs(distance) < 1) return; // what was set by #apply, as the browser rounds it
    const now = performance.now();
    this.#isHurried = false;
    this.#speed = Math.abs(distance) / Math.min(100, Math.max(8, now - this.#lastTime));
    this.direction = Math.sign(distance);
    this.#lastTime = now;
    const place = this.#spacer.recenter(scrollTop, false);
    if (place) this.#apply(place);
    this.events.moved(true);
    this.restSoon();
  }

  #apply({ offset, top }: Place): void {
    this.spacerElement.style.height = `${this.#spacer.height}px`;
    if (offset !== this.#offset) {
      this.#offset = offset;
      this.events.shifted(offset);
    }
    this.scroller.scrollTop = top;
    this.y = this.#spacer.contentAt(top);
  }
}
