/** The height of rows: what the user chose, kept by the browser, and what follows from it. */
import type { Grouping } from "../core/geometry";
import * as storage from "../storage";

export const SMALLEST = 48;
export const LARGEST = 480;
const KEY = "indexer.rowHeight";

/** Below this height days would be mostly headers: months are shown instead; and below the next, years. */
const DAYS = 96;
const MONTHS = 64;

export function clampHeight(height: number): number {
  return Math.round(Math.min(LARGEST, Math.max(SMALLEST, height)));
}

export function groupingOf(rowHeight: number): Grouping {
  return rowHeight >= DAYS ? "day" : rowHeight >= MONTHS ? "month" : "year";
}

/** Whether tiles are too small for words on them. */
export function isDense(rowHeight: number): boolean {
  return rowHeight < DAYS;
}

/** Null where none was chosen. */
export function chosenHeight(): number | null {
  const height = Number(storage.read(KEY));
  return height >= SMALLEST && height <= LARGEST ? Math.round(height) : null;
}

export function keepHeight(height: number): void {
  storage.write(KEY, String(height));
}
