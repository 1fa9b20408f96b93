/** What a finger means: pure decisions about its way and its speed. */

export type Axis = "horizontal" | "vertical";
export type Sideways = "next" | "previous" | "stay";

/** CSS pixels that a finger moves before it means anything. */
const SLOP = 8;
/** CSS pixels a millisecond: faster is a flick, which needs no distance. */
const FLICK = 0.35;
/** Of the view's width or height. */
const FAR_SIDEWAYS = 0.35;
const FAR_DOWN = 0.18;
/** A way this much longer along one axis than along the other is along that one. */
const STRAIGHT = 1.2;
/** Milliseconds of the end of a way that tell its speed. */
const RECENT = 100;

/** Null while it is too short to tell. */
export function axisOf(dx: number, dy: number): Axis | null {
  if (Math.max(Math.abs(dx), Math.abs(dy)) < SLOP) return null;
  return Math.abs(dy) > Math.abs(dx) * STRAIGHT ? "vertical" : "horizontal";
}

/** After a way of dx to the left (negative) or right; speed in CSS pixels a millisecond. */
export function sideways(dx: number, speed: number, width: number): Sideways {
  const isFlick = Math.abs(speed) > FLICK && Math.sign(speed) === Math.sign(dx);
  const isBack = Math.abs(speed) > FLICK && Math.sign(speed) !== Math.sign(dx);
  if (isBack || (!isFlick && Math.abs(dx) < width * FAR_SIDEWAYS)) return "stay";
  return dx < 0 ? "next" : "previous";
}

export function closes(dy: number, speed: number, height: number): boolean {
  return dy > SLOP && speed > -FLICK && (speed > FLICK || dy > height * FAR_DOWN);
}

/** How a photo looks that is dragged down: smaller, on a lighter ground. */
export function dragged(dy: number, height: number): { scale: number; opacity: number } {
  const part = Math.min(1, Math.max(0, dy / height));
  return { scale: 1 - part * 0.4, opacity: 1 - Math.min(1, part * 1.8) };
}

/** Beyond the first or last photo the view gives way less and less. */
export function resisted(distance: number, size: number): number {
  return Math.sign(distance) * size * 0.5 * (1 - 1 / (Math.abs(distance) / size + 1));
}

/** Speed of the last part of a way. */
export class Speed {
  #samples: { at: number; x: number; y: number }[] = [];

  add(at: number, x: number, y: number): void {
    this.#samples.push({ at, x, y });
    while (this.#samples.length > 2 && at - this.#samples[0]!.at > RECENT) this.#samples.shift();
  }

  /** In CSS pixels a millisecond; 0 where the finger rested before it was lifted. */
  of(now: number): { x: number; y: number } {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.at <= first.at || now - last.at > RECENT) return { x: 0, y: 0 };
    const time = last.at - first.at;
    return { x: (last.x - first.x) / time, y: (last.y - first.y) / time };
  }
}
