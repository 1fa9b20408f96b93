/** Positions in terms of tiles, which outlast a layout and a state of the view. */
import type { Layout } from "../core/layout";
import type { Library } from "../core/library";
import type { Pages } from "../core/pages";

/** A point of a tile, and where in the view it stays. */
export interface Hold {
  ordinal: number;
  /** Within the tile, as a part of its height. */
  part: number;
  /** Pixels from the view's top to that point. */
  from: number;
  /** The position in the view that was asked for, where the tile is the nearest to it. */
  asked?: number;
}

/** So many tiles in view are looked for in another state of it, where the first ones are gone. */
const TRIES = 8;

/** What is at a point of the view whose top is at content position y. */
export function holdAt(layout: Layout, y: number, x: number, from: number): Hold | null {
  const ordinal = layout.tileAt(x, y + from);
  const rect = layout.rect(ordinal);
  if (!rect) return null;
  const part = (y + from - rect.top) / rect.height;
  const inside = Math.min(1, Math.max(0, part));
  return { ordinal, part: inside, from: from + Math.round((inside - part) * rect.height), asked: from };
}

/** The content position of the view's top that keeps the point where it was; null where there is no such tile. */
export function positionOf(layout: Layout, { ordinal, part, from }: Hold): number | null {
  const rect = layout.rect(ordinal);
  return rect && rect.top + Math.round(part * rect.height - from);
}

/** By how many ordinals what is looked at has moved in another state of the view. */
export async function shiftOf(library: Library, next: Pages, [start, stop]: [number, number]): Promise<number> {
  for (let ordinal = start; ordinal < Math.min(stop, start + TRIES); ordinal++) {
    const id = library.tile(ordinal)?.id;
    const now = id === undefined ? null : await next.ordinalOf(id);
    if (now !== null) return now - ordinal;
  }
  return 0;
}
