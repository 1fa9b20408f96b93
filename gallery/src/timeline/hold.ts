/** Positions in terms of tiles, which outlast a layout and a state of the view. */
import type { Layout } from "../core/layout";

/** A point of a tile, and where in the view it stays. */
export interface Hold {
  ordinal: number;
  /** Within the tile, as a part of its height. */
  part: number;
  /** Pixels from the view's top to that point. */
  from: number;
  /** The position in the view for which this tile is the nearest. */
  point?: number;
}

/** What is at a point of the view whose top is at content position y. */
export function holdAt(layout: Layout, y: number, x: number, from: number): Hold | null {
  const ordinal = layout.tileAt(x, y + from);
  const rect = layout.rect(ordinal);
  if (!rect) return null;
  const part = (y + from - rect.top) / rect.height;
  const inside = Math.min(1, Math.max(0, part));
  return { ordinal, part: inside, from: from + Math.round((inside - part) * rect.height), point: from };
}

/** The content position of the view's top that keeps the point where it was; null where there is no such tile. */
export function positionOf(layout: Layout, { ordinal, part, from }: Hold): number | null {
  const rect = layout.rect(ordinal);
  return rect && rect.top + Math.round(part * rect.height - from);
}
