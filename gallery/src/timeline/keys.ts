/** The keyboard in the timeline: moves by where tiles lie, selects, opens. */
import { isTextEntry } from "../keys";
import type { Grid } from "./grid";

/** Of the size of photos, by one press. */
const STEP = 1.15;

export interface KeyActions {
  open(ordinal: number): void;
}

export function handleKey(event: KeyboardEvent, grid: Grid, actions: KeyActions): void {
  if (event.altKey || isTextEntry(event.target)) return;
  if (move(event, grid) || act(event, grid, actions)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

function move(event: KeyboardEvent, grid: Grid): boolean {
  const { key, shiftKey } = event;
  const hasFocus = grid.active >= 0 && grid.rows.layer.contains(document.activeElement);
  if (event.metaKey || (event.ctrlKey && key !== "Home" && key !== "End")) return false;
  if (!hasFocus && scroll(key, grid)) return true;
  const to = hasFocus ? destination(key, grid) : firstDestination(key, grid);
  if (to === null) return false;
  const from = grid.active;
  if (shiftKey && hasFocus && grid.isSelectable && to !== from) extend(grid, from, to);
  grid.focusTile(to);
  return true;
}

/** The tile that a key leads to; null where the key is not one that moves. */
function destination(key: string, grid: Grid): number | null {
  const { active, layout } = grid;
  const rect = layout.rect(active);
  if (!rect) return null;
  const x = rect.left + rect.width / 2;
  const last = layout.total - 1;
  const page = grid.height - layout.options.header;
  switch (key) {
    case "ArrowLeft":
      return Math.max(0, active - 1);
    case "ArrowRight":
      return Math.min(last, active + 1);
    case "ArrowUp":
      return layout.beyond(active, -1, x);
    case "ArrowDown":
      return layout.beyond(active, 1, x);
    case "PageUp":
      return Math.min(layout.beyond(active, -1, x), layout.tileAt(x, rect.top + rect.height / 2 - page));
    case "PageDown":
      return Math.max(layout.beyond(active, 1, x), layout.tileAt(x, rect.top + rect.height / 2 + page));
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/** Where no tile has the focus, arrows go to the first in view. */
function firstDestination(key: string, grid: Grid): number | null {
  if (!grid.layout.total || !key.startsWith("Arrow")) return null;
  const [start, stop] = grid.visible;
  return start <= grid.active && grid.active < stop ? grid.active : start;
}

/** Where no tile has the focus, the other keys scroll. Not left to the browser: the key may come from elsewhere. */
function scroll(key: string, grid: Grid): boolean {
  const page = grid.height - grid.layout.options.header;
  if (key === "Home") grid.moveTo(0);
  else if (key === "End") grid.moveTo(grid.last);
  else if (key === "PageUp") grid.moveTo(grid.y - page);
  else if (key === "PageDown") grid.moveTo(grid.y + page);
  else return false;
  return true;
}

function extend(grid: Grid, from: number, to: number): void {
  const { selection } = grid;
  if (selection.anchor === null) selection.toggle(from);
  selection.extend(to);
}

function act(event: KeyboardEvent, grid: Grid, actions: KeyActions): boolean {
  const { key, ctrlKey, metaKey, shiftKey } = event;
  const { selection, active, rows } = grid;
  if (key === "Escape" && selection.count > 0) {
    selection.clear();
    return true;
  }
  if (key === "a" && (ctrlKey || metaKey) && grid.isSelectable && grid.layout.total) {
    if (!selection.hasAll(0, grid.layout.total)) selection.toggleRange(0, grid.layout.total);
    return true;
  }
  if ((key === "+" || key === "=" || key === "-") && !ctrlKey && !metaKey) {
    grid.setRowHeight(grid.rowHeight * (key === "-" ? 1 / STEP : STEP));
    return true;
  }
  if (!rows.at(document.activeElement) || active < 0) return false;
  if (key === "Enter" && !ctrlKey && !metaKey) {
    actions.open(active);
    return true;
  }
  const isSelect = (key.toLowerCase() === "x" && !ctrlKey && !metaKey) || (key === " " && ctrlKey);
  if (!isSelect || !grid.isSelectable) return false;
  if (shiftKey) selection.extend(active);
  else selection.toggle(active);
  return true;
}
