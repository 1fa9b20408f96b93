/** The years on the scrubber: each as long as its photos take in the timeline. */
import { UNDATED } from "../core/geometry";
import type { Layout } from "../core/layout";
import { monthTitle } from "../core/time";

export interface Mark {
  /** Pixels from the track's top. */
  top: number;
  /** "" where there is no room for one. */
  label: string;
}

/** Pixels that a label takes, and that dots are apart. */
const LABEL = 24;
const DOT = 7;

/** position: of a content position on the track. */
export function marksOf(layout: Layout, position: (y: number) => number): Mark[] {
  const { keys } = layout.groups;
  const isOneYear = yearOf(keys[0]) === yearOf(keys.findLast((key) => key !== UNDATED));
  const nameOf = (key: string) => (isOneYear && key !== UNDATED ? key.slice(0, 7) : yearOf(key));
  const marks: Mark[] = [];
  let labeled = -Infinity;
  let name = "";
  keys.forEach((key, group) => {
    if (key === "" || nameOf(key) === name) return;
    name = nameOf(key);
    const top = position(layout.groupTop[group]!);
    const last = marks.at(-1)?.top ?? -Infinity;
    if (top - labeled >= LABEL) {
      marks.push({ top, label: isOneYear && key !== UNDATED ? monthTitle(key) : name });
      labeled = top;
    } else if (top - last >= DOT) marks.push({ top, label: "" });
  });
  return marks;
}

function yearOf(key: string | undefined): string {
  if (key === UNDATED) return "Undated";
  return key?.slice(0, 4) ?? "";
}
