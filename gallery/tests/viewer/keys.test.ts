import { expect, it } from "vitest";
import { actionOf, viewerKeys } from "../../src/viewer/keys";

const none = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
const press = (key: string, more = {}) => actionOf({ key, ...none, ...more });

it("knows its keys, on every keyboard", () => {
  expect(press("ArrowLeft")).toBe("previous");
  expect(press("ArrowLeft", { shiftKey: true })).toBe("panLeft");
  expect(press("+", { shiftKey: true })).toBe("zoomIn");
  expect(press("=")).toBe("zoomIn");
  expect(press("F")).toBe("fullscreen"); // with caps lock
  expect(press("F", { shiftKey: true })).toBeNull();
  expect(press("3")).toBe("rate3");
  expect(press(".")).toBe("favorite");
  expect(press("ArrowUp")).toBeNull();
  expect(press("Delete")).toBe("trash");
  expect(press("#", { shiftKey: true })).toBe("trash");
});

it("leaves the browser's and the page's keys alone", () => {
  for (const modifier of ["ctrlKey", "metaKey", "altKey"]) {
    for (const key of ["z", "ArrowLeft", "0", "+", "f"]) expect(press(key, { [modifier]: true })).toBeNull();
  }
  for (const key of ["?", "/", "g", "Tab", "Enter", "F5"]) expect(press(key)).toBeNull();
});

it("tells of no two things by the same words", () => {
  const shown = viewerKeys(false).keys.map(([keys]) => keys);
  expect(new Set(shown).size).toBe(shown.length);
});

it("offers no edits to who may only look", () => {
  const [all, some] = [viewerKeys(false), viewerKeys(true)].map(({ keys }) => keys.map(([shown]) => shown));
  expect(all!.filter((shown) => !some!.includes(shown))).toEqual(["1–5 0", "h .", "e", "Delete #"]);
});
