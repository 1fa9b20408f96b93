/** The keys of the page and of its timeline, for people. */

export interface KeyGroup {
  title: string;
  /** Keys as they are shown, several with a space between; and what they do. */
  keys: readonly (readonly [keys: string, what: string])[];
}

export const KEYS: readonly KeyGroup[] = [
  {
    title: "Everywhere",
    keys: [
      ["/", "Search"],
      ["?", "Show the keys"],
      ["Ctrl+Z", "Undo the last change"],
      ["Esc", "Clear the selection, close what is open"],
    ],
  },
  {
    title: "Timeline",
    keys: [
      ["← → ↑ ↓", "Move from photo to photo"],
      ["PageUp PageDown", "Move by a screen"],
      ["Home End", "To the first or last photo"],
      ["Enter", "Open the photo"],
      ["g", "Go to a date"],
      ["x", "Select; with Shift, all up to here"],
      ["Shift+Arrows", "Select all on the way"],
      ["Ctrl+A", "Select all"],
      ["1–5 0", "Rate the selected photos"],
      ["Delete", "Move the selected photos to the trash"],
      ["+ - Ctrl+Wheel", "Larger or smaller photos"],
    ],
  },
];
