/** Sizes that follow from the timeline's width: one source for the layout and for the style sheet. */
import { groupsOf } from "../core/geometry";
import { Layout } from "../core/layout";
import type { Library } from "../core/library";
import { groupingOf } from "./density";

/** Below this width, in CSS pixels, photos nearly reach the edges, and the scrubber lies over them. */
const NARROW = 600;

export interface Metrics {
  isNarrow: boolean;
  gap: number;
  /** The height of a group's header. */
  header: number;
  below: number;
  between: number;
  narrowest: number;
}

/** width: of the timeline with its scrubber. */
export function metricsOf(width: number): Metrics {
  return width < NARROW
    ? { isNarrow: true, gap: 2, header: 40, below: 8, between: 12, narrowest: 172 }
    : { isNarrow: false, gap: 4, header: 44, below: 16, between: 20, narrowest: 180 };
}

/** Makes them known to timeline.css. */
export function applyMetrics(element: HTMLElement, { isNarrow, header }: Metrics): void {
  element.classList.toggle("is-narrow", isNarrow);
  element.style.setProperty("--tl-header", `${header}px`);
}

/** The height of rows where the user has chosen none. */
export function usualHeight(width: number): number {
  return width < NARROW ? 112 : width < 1800 ? 200 : 240;
}

/** width: of the content, in CSS pixels. The time it takes is a measure of the browser's, "timeline layout". */
export function layOut(library: Library, rowHeight: number, width: number, metrics: Metrics): Layout {
  const start = performance.now();
  const { days, dayStarts, total, ratios } = library;
  const groups = groupsOf(days, dayStarts, total, groupingOf(rowHeight));
  const layout = new Layout(ratios, groups, { ...metrics, width, rowHeight });
  performance.clearMeasures("timeline layout"); // only the last one is kept
  performance.measure("timeline layout", { start });
  return layout;
}
