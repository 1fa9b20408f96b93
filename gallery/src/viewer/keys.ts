/** Every key of the viewer: what it does, for the program and for people. */
import type { KeyGroup } from "../keys";

export type Action =
  | "previous"
  | "next"
  | "first"
  | "last"
  | "previousMember"
  | "nextMember"
  | "play"
  | "panLeft"
  | "panRight"
  | "panUp"
  | "panDown"
  | "zoomIn"
  | "zoomOut"
  | "fit"
  | "actual"
  | "keepZoom"
  | "motion"
  | "turn"
  | "slideshow"
  | "fullscreen"
  | "info"
  | "favorite"
  | "describe"
  | "trash"
  | "close"
  | `rate${0 | 1 | 2 | 3 | 4 | 5}`;

interface Row {
  /** KeyboardEvent.key → what it does; letters in lower case. */
  keys: Record<string, Action>;
  shift?: boolean;
  /** It changes the index. */
  writes?: boolean;
  /** The key of the session has to be for deleting. */
  deletes?: boolean;
  /** As the overlay of keys shows them, separated by blanks. */
  shown: string;
  what: string;
}

const ROWS: readonly Row[] = [
  { keys: { ArrowLeft: "previous", ArrowRight: "next" }, shown: "← →", what: "Previous, next photo" },
  { keys: { Home: "first", End: "last" }, shown: "Home End", what: "First, last photo" },
  {
    keys: { PageUp: "previousMember", PageDown: "nextMember" },
    shown: "PageUp PageDown",
    what: "Previous, next photo of a stack",
  },
  { keys: { " ": "play" }, shown: "Space", what: "Play or pause; without a video, the next photo" },
  { keys: { s: "slideshow" }, shown: "s", what: "Slideshow" },
  { keys: { m: "motion" }, shown: "m", what: "Play the moment of a live or motion photo" },
  { keys: { "+": "zoomIn", "=": "zoomIn", "-": "zoomOut" }, shown: "+ −", what: "Zoom in, out" },
  { keys: { w: "fit", a: "actual" }, shown: "w a", what: "Whole photo, actual size" },
  { keys: { z: "keepZoom" }, shown: "z", what: "Keep the zoom from photo to photo" },
  {
    keys: { ArrowLeft: "panLeft", ArrowRight: "panRight", ArrowUp: "panUp", ArrowDown: "panDown" },
    shift: true,
    shown: "Shift+← ↑ ↓ →",
    what: "Move within a zoomed photo",
  },
  { keys: { p: "turn" }, shown: "p", what: "Panorama: turn, or show it flat" },
  {
    keys: { "1": "rate1", "2": "rate2", "3": "rate3", "4": "rate4", "5": "rate5", "0": "rate0" },
    shown: "1–5 0",
    what: "Rate, remove the rating",
    writes: true,
  },
  { keys: { h: "favorite", ".": "favorite" }, shown: "h .", what: "Favorite", writes: true },
  { keys: { e: "describe" }, shown: "e", what: "Edit the description", writes: true },
  {
    keys: { Delete: "trash", "#": "trash" },
    shown: "Delete #",
    what: "Move to the trash (a chosen photo of a stack alone); in the trash, restore",
    writes: true,
    deletes: true,
  },
  { keys: { i: "info" }, shown: "i", what: "Info" },
  { keys: { f: "fullscreen" }, shown: "f", what: "Full screen" },
  { keys: { Escape: "close" }, shown: "Esc", what: "Close" },
];

/** For the overlay of keys; readOnly: without those that change anything. */
export function viewerKeys(readOnly: boolean, canDelete = !readOnly): KeyGroup {
  const rows = ROWS.filter(({ writes, deletes }) => (!writes || !readOnly) && (!deletes || canDelete));
  return { title: "Photo", keys: rows.map(({ shown, what }) => [shown, what] as const) };
}

export interface Press {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What a key does in the viewer; null: nothing. */
export function actionOf({ key, shiftKey, ctrlKey, metaKey, altKey }: Press): Action | null {
  if (ctrlKey || metaKey || altKey) return null;
  const name = key.length === 1 ? key.toLowerCase() : key;
  for (const row of ROWS) {
    const action = row.keys[name];
    // What needs Shift to be typed, as + on some keyboards, is the same with it.
    if (action && (row.shift === shiftKey || (!row.shift && (!shiftKey || /^[^a-z0-9]$/.test(name))))) return action;
  }
  return null;
}

const TEXT = "input:not([type=checkbox]), textarea, [contenteditable]";

/** Whether the focused element handles the key by itself. */
export function isHandledBy(target: Element, key: string): boolean {
  if (target.closest(TEXT)) return true;
  if (key === " " && target.closest("button, summary, a, input")) return true;
  if (/^Page/.test(key) && target.closest(".panel")) return true;
  // Of a video that was reached by Tab. One that was clicked leaves the arrows to the viewer.
  return /^(Arrow|Home|End| |Enter)/.test(key) && target.matches("video:focus-visible");
}
