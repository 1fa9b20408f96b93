/** How large photos are shown: the height of rows that the user chose, kept by the browser, and what follows from it. */
import { groupsOf, type Grouping } from "../core/geometry";
import { Layout } from "../core/layout";
import type { Library } from "../core/library";

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

function groupingOf(rowHeight: number): Grouping {
  return rowHeight >= DAYS ? "day" : rowHeight >= MONTHS ? "month" : "year";
}

/** Whether tiles are too small for words on them. */
export function isDense(rowHeight: number): boolean {
  return rowHeight < DAYS;
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

/** width: of the content, in CSS pixels. The time it takes is a measure of the browser's, "timeline layout". */
export function layOut(library: Library, rowHeight: number, width: number): Layout {
  const isNarrow = width < 600;
  const start = performance.now();
  const { days, dayStarts, total, ratios } = library;
  const layout = new Layout(ratios, groupsOf(days, dayStarts, total, groupingOf(rowHeight)), {
    width,
    rowHeight,
    gap: isNarrow ? 2 : 4,
    header: isNarrow ? 40 : 44,
    below: isNarrow ? 8 : 16,
    between: isNarrow ? 12 : 20,
    narrowest: isNarrow ? 172 : 180,
  });
  performance.clearMeasures("timeline layout"); // only the last one is kept
  performance.measure("timeline layout", { start });
  return layout;
}
