/** The height of rows that the user chose, kept by the browser. */

export const SMALLEST = 48;
export const LARGEST = 480;
const KEY = "indexer.rowHeight";

/** Below this height days would be mostly headers: months are shown instead; and below the next, years. */
const DAYS = 96;
const MONTHS = 64;

export function usualHeight(width: number): number {
  return width < 600 ? 112 : width < 1800 ? 200 : 240;
}

export function clampHeight(height: number): number {
  return Math.round(Math.min(LARGEST, Math.max(SMALLEST, height)));
}

export function groupingOf(rowHeight: number): "day" | "month" | "year" {
  return rowHeight >= DAYS ? "day" : rowHeight >= MONTHS ? "month" : "year";
}

/** Null where none was chosen. */
export function chosenHeight(): number | null {
  try {
    const kept = Number(localStorage.getItem(KEY));
    return kept >= SMALLEST && kept <= LARGEST ? Math.round(kept) : null;
  } catch {
    return null; // storage is disabled
  }
}

export function keepHeight(height: number): void {
  try {
    localStorage.setItem(KEY, String(height));
  } catch {
    // storage is disabled or full: the choice lasts as long as the page
  }
}
