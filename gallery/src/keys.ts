/** The keys of the page and of its timeline: what they do, for the program and for people. */
import type { Permission } from "./session.svelte";

export interface KeyGroup {
  title: string;
  /** Keys as they are shown, separated by blanks; and what they do. */
  keys: readonly (readonly [keys: string, what: string])[];
}

/** timeline: the timeline handles the key, wherever the focus is. */
export type Action =
  "search" | "keys" | "undo" | "date" | "clear" | "remove" | "timeline" | `rate${0 | 1 | 2 | 3 | 4 | 5}`;

interface Row {
  group: "Everywhere" | "Timeline";
  /** KeyboardEvent.key → action. None: whatever has the focus handles the key. */
  keys?: Record<string, Action>;
  /** With Ctrl, or ⌘. */
  isCommand?: boolean;
  needs?: Permission;
  shown: string;
  what: string;
}

const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"] as const;

function toTimeline(...keys: string[]): Record<string, Action> {
  return Object.fromEntries(keys.map((key) => [key, "timeline"]));
}

const ROWS: readonly Row[] = [
  { group: "Everywhere", keys: { "?": "keys" }, shown: "?", what: "Show the keys" },
  {
    group: "Everywhere",
    keys: { z: "undo" },
    isCommand: true,
    needs: "write",
    shown: "Ctrl+Z",
    what: "Undo the last change",
  },
  { group: "Everywhere", shown: "Esc", what: "Close what is open" },
  { group: "Timeline", keys: { "/": "search" }, shown: "/", what: "Search" },
  { group: "Timeline", keys: toTimeline(...MOVES), shown: "← → ↑ ↓", what: "Move from photo to photo" },
  { group: "Timeline", keys: toTimeline("PageUp", "PageDown"), shown: "PageUp PageDown", what: "Move by a screen" },
  { group: "Timeline", keys: toTimeline("Home", "End"), shown: "Home End", what: "To the first or last photo" },
  { group: "Timeline", shown: "Enter", what: "Open the photo" },
  { group: "Timeline", keys: { g: "date" }, shown: "g", what: "Go to a date" },
  {
    group: "Timeline",
    keys: toTimeline("+", "=", "-"),
    shown: "+ - Ctrl+Wheel",
    what: "Larger or smaller photos",
  },
  { group: "Timeline", needs: "write", shown: "x", what: "Select; with Shift, all up to here" },
  { group: "Timeline", needs: "write", shown: "Shift+Arrows", what: "Select all on the way" },
  {
    group: "Timeline",
    keys: toTimeline("a"),
    isCommand: true,
    needs: "write",
    shown: "Ctrl+A",
    what: "Select all",
  },
  { group: "Timeline", keys: { Escape: "clear" }, needs: "write", shown: "Esc", what: "Clear the selection" },
  {
    group: "Timeline",
    keys: { "0": "rate0", "1": "rate1", "2": "rate2", "3": "rate3", "4": "rate4", "5": "rate5" },
    needs: "write",
    shown: "1–5 0",
    what: "Rate the selected photos, remove their rating",
  },
  {
    group: "Timeline",
    keys: { Delete: "remove", "#": "remove" },
    needs: "delete",
    shown: "Delete #",
    what: "Move the selected photos to the trash; in the trash, restore",
  },
];

/** The search language, in examples: see `indexer search --help`. Blanks within an example do not break. */
const SEARCH: readonly (readonly [example: string, what: string])[] = [
  ["Kyoto\u00a0ferry", "Both words, anywhere"],
  ['"red\u00a0bridge"', "The words side by side"],
  ["-draft", "Without the word"],
  ["person: place: album:", "Only there, as in person:Ada"],
  ["keyword: description: text: name: folder:", "Only there, as in folder:Italy"],
  ["camera: lens:", "Taken with it"],
  ["taken:2024-05", "Also 2024, or 2024-05..2024-08"],
  ["rating:4.. iso:..400", "Also aperture:, focal:, quality:"],
  ["type:video type:photo", "Only these"],
  ["is:favorite", "Only these"],
  ["near:48.86,2.29,5km", "Within a circle"],
];

type May = (needs: Permission) => boolean;

function allowed(may: May): Row[] {
  return ROWS.filter(({ needs }) => !needs || may(needs));
}

export type Press = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

/** Null: the key is not the page's. */
export function actionOf({ key, ctrlKey, metaKey, shiftKey, altKey }: Press, may: May): Action | null {
  const isCommand = ctrlKey || metaKey;
  if (altKey || (isCommand && shiftKey)) return null;
  const name = isCommand ? key.toLowerCase() : key;
  for (const row of allowed(may)) {
    if (Boolean(row.isCommand) !== isCommand || !row.keys || !Object.hasOwn(row.keys, name)) continue;
    return row.keys[name] ?? null;
  }
  return null;
}

/** For the overlay of keys: those that the session allows. */
export function keyGroups(may: May): KeyGroup[] {
  const groups = (["Everywhere", "Timeline"] as const).map((title) => ({
    title,
    keys: allowed(may)
      .filter(({ group }) => group === title)
      .map(({ shown, what }) => [shown, what] as const),
  }));
  return [...groups, { title: "In a search", keys: SEARCH }];
}

/** Inputs of which letters are text: not a slider, and not a checkbox. */
const TEXT_ENTRY =
  "textarea, select, [contenteditable], input:not([type=range], [type=checkbox], [type=radio], [type=button])";

export function isTextEntry(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TEXT_ENTRY) !== null;
}
