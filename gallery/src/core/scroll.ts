/**
 * A scroll area of bounded height over content of any height.
 *
 * Browsers clamp the height of elements (Chromium at 33.5 million pixels divided by the device's pixel ratio, Firefox at
 * 17.9), so a spacer of at most LIMIT pixels is scrolled, and shows a window of the content that begins at `offset`.
 * Near the spacer's ends the window is moved; at the content's own ends the spacer's are the content's.
 */

/** The greatest height of the spacer, in CSS pixels. */
export const LIMIT = 2_000_000;

/** Closer than this to an end of the spacer the window has to move, even in the middle of a movement. */
const NEAR = 100_000;
/** Farther than this from the middle it moves when the scrolling rests. */
const DRIFT = 400_000;

/** A whole number of physical pixels at every usual ratio of them. */
const STEP = 100;

/** Where content is in the scroll area: at y - offset. */
export interface Place {
  offset: number;
  /** The scroll position, from the spacer's top. */
  top: number;
}

export class Spacer {
  /** Of the content. */
  #height = 0;
  #view = 0;
  #offset = 0;

  /** Of the element that is scrolled. */
  get height(): number {
    return Math.min(this.#height, LIMIT);
  }

  get offset(): number {
    return this.#offset;
  }

  /** The greatest position of the view's top in the content. */
  get last(): number {
    return Math.max(0, this.#height - this.#view);
  }

  /** The content's position for a scroll position. */
  contentAt(top: number): number {
    return Math.min(this.last, Math.max(0, this.#offset + top));
  }

  /** Takes new heights, and keeps content position y (or the nearest there is) at the view's top. */
  resize(height: number, view: number, y: number): Place {
    this.#height = height;
    this.#view = view;
    this.#offset = Math.min(this.#offset, height - this.height);
    return this.moveTo(y);
  }

  /** The scroll position that shows y; the window stays where it is if it holds y with room around it. */
  moveTo(y: number): Place {
    const target = Math.min(this.last, Math.max(0, y));
    const top = target - this.#offset;
    if (!this.#hasRoom(top, NEAR)) this.#center(target);
    return { offset: this.#offset, top: target - this.#offset };
  }

  /** The new place where the window has to move, else null. isResting: nothing is scrolling now. */
  recenter(top: number, isResting: boolean): Place | null {
    const room = isResting ? this.height / 2 - DRIFT : NEAR;
    if (this.#hasRoom(top, room)) return null;
    const y = this.contentAt(top);
    const before = this.#offset;
    this.#center(y);
    return this.#offset === before ? null : { offset: this.#offset, top: y - this.#offset };
  }

  /** Whether there is that much to scroll to both sides, or the content itself ends there. */
  #hasRoom(top: number, room: number): boolean {
    const below = this.height - this.#view - top;
    const isAbove = top >= room || (this.#offset === 0 && top >= 0);
    const isBelow = below >= room || (this.#offset + this.height >= this.#height && below >= 0);
    return isAbove && isBelow;
  }

  #center(y: number): void {
    // By whole steps, so that a position of physical pixels (a ratio such as 1.25) stays one.
    const steps = Math.round((y - (this.height - this.#view) / 2 - this.#offset) / STEP);
    const middle = this.#offset + steps * STEP;
    this.#offset = Math.min(this.#height - this.height, Math.max(0, middle));
  }
}
