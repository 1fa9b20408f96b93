/** Mouse, pen and fingers in the timeline: opens, selects, and changes the density. */
import { isTextEntry } from "../keys";
import type { Grid } from "./grid";

const LONG_PRESS_MS = 450;
/** A finger that moved farther than this scrolls. */
const SLOP = 10;
/** The corner of a tile that selects it, in CSS pixels. */
const CORNER = 36;
/** The change of height by a wheel's step of 100. */
const WHEEL = 0.12;

export function handlePointers(scroller: HTMLElement, grid: Grid, open: (ordinal: number) => void): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  clicks(grid, open, signal);
  longPress(grid, signal);
  preview(grid, signal);
  wheel(scroller, grid, signal);
  pinch(scroller, grid, signal);
  return () => abort.abort();
}

function clicks(grid: Grid, open: (ordinal: number) => void, signal: AbortSignal): void {
  const { layer } = grid.rows;
  const onclick = (event: MouseEvent) => {
    const tile = grid.rows.at(event.target);
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return; // a link like others
    event.preventDefault();
    const { selection, isSelectable } = grid;
    const { ordinal } = tile;
    if (!isSelectable) return open(ordinal);
    if (event.shiftKey && selection.anchor !== null) return selection.extend(ordinal);
    const box = tile.cell.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    // detail 0: a click by a program, such as assistive technology, which has no position.
    const isCorner = event.detail > 0 && x >= 0 && x < CORNER && y >= 0 && y < CORNER;
    if (event.shiftKey || selection.count > 0 || (isCorner && canHover())) return selection.toggle(ordinal);
    open(ordinal);
  };
  layer.addEventListener("click", onclick, { signal });
  const onfocus = (event: FocusEvent) => {
    const tile = grid.rows.at(event.target);
    if (tile) grid.active = tile.ordinal;
  };
  layer.addEventListener("focusin", onfocus, { signal });
}

function canHover(): boolean {
  return matchMedia("(hover: hover)").matches;
}

/** A finger that stays selects. */
function longPress(grid: Grid, signal: AbortSignal): void {
  const { layer } = grid.rows;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let from: [number, number] = [0, 0];
  let hasSelected = false;
  const end = () => clearTimeout(timer);
  layer.addEventListener(
    "pointerdown",
    (event) => {
      end();
      const tile = grid.rows.at(event.target);
      if (!tile || !grid.isSelectable || event.pointerType === "mouse" || !event.isPrimary) return;
      from = [event.clientX, event.clientY];
      timer = setTimeout(() => {
        hasSelected = true;
        grid.selection.toggle(tile.ordinal);
        navigator.vibrate?.(10);
      }, LONG_PRESS_MS);
    },
    { signal },
  );
  const onmove = (event: PointerEvent) => {
    if (Math.hypot(event.clientX - from[0], event.clientY - from[1]) > SLOP) end();
  };
  layer.addEventListener("pointermove", onmove, { signal });
  for (const name of ["pointerup", "pointercancel"] as const) layer.addEventListener(name, end, { signal });
  // What a finger that stays does otherwise: the link's menu, and a click when it is lifted.
  const onmenu = (event: MouseEvent) => {
    if (hasSelected || (grid.isSelectable && (event as PointerEvent).pointerType === "touch")) event.preventDefault();
  };
  layer.addEventListener("contextmenu", onmenu, { signal });
  const onclick = (event: MouseEvent) => {
    if (!hasSelected) return;
    hasSelected = false;
    event.preventDefault();
    event.stopPropagation();
  };
  // Of the window: a bar for what is selected may have come under the finger.
  addEventListener("click", onclick, { signal, capture: true });
  addEventListener("pointerdown", () => (hasSelected = false), { signal, capture: true });
}

/** With Shift, shows what a click would select. */
function preview(grid: Grid, signal: AbortSignal): void {
  const { layer } = grid.rows;
  let hovered = -1;
  const show = (isShift: boolean) => grid.selection.previewTo(isShift && hovered >= 0 ? hovered : null);
  const onover = (event: PointerEvent) => {
    hovered = grid.rows.at(event.target)?.ordinal ?? -1;
    if (event.shiftKey || grid.selection.preview) show(event.shiftKey);
  };
  layer.addEventListener("pointerover", onover, { signal });
  layer.addEventListener("pointerleave", () => ((hovered = -1), show(false)), { signal });
  for (const name of ["keydown", "keyup"] as const)
    addEventListener(name, (event) => event.key === "Shift" && show(name === "keydown" && !isTextEntry(event.target)), {
      signal,
    });
}

function wheel(scroller: HTMLElement, grid: Grid, signal: AbortSignal): void {
  let height: number | null = null;
  let frame = 0;
  const onwheel = (event: WheelEvent) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
    height = (height ?? grid.rowHeight) * Math.exp((-event.deltaY * lines * WHEEL) / 100);
    const [x, y] = within(grid, event.clientX, event.clientY);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (height !== null) grid.setRowHeight(height, x, y);
      if (height !== null && Math.round(height) === grid.rowHeight) return;
      height = null;
    });
  };
  scroller.addEventListener("wheel", onwheel, { signal, passive: false });
  scroller.addEventListener("pointermove", () => (height = null), { signal });
}

function pinch(scroller: HTMLElement, grid: Grid, signal: AbortSignal): void {
  let start: { distance: number; height: number; x: number; y: number } | null = null;
  const distance = ({ touches: [a, b] }: TouchEvent) =>
    a && b ? Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) : 0;
  const onstart = (event: TouchEvent) => {
    const [a, b] = event.touches;
    if (event.touches.length !== 2 || !a || !b) return void (start = null);
    const [x, y] = within(grid, (a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2);
    start = { distance: distance(event), height: grid.rowHeight, x, y };
  };
  const onmove = (event: TouchEvent) => {
    if (!start || event.touches.length !== 2) return;
    event.preventDefault();
    grid.setRowHeight((start.height * distance(event)) / start.distance, start.x, start.y);
  };
  scroller.addEventListener("touchstart", onstart, { signal, passive: true });
  scroller.addEventListener("touchmove", onmove, { signal, passive: false });
  scroller.addEventListener("touchend", () => (start = null), { signal });
}

/** A point of the window in the layout, and from the view's top. */
function within(grid: Grid, x: number, y: number): [number, number] {
  const { spacer, scroller } = grid.parts;
  return [x - spacer.getBoundingClientRect().left, y - scroller.getBoundingClientRect().top];
}
