import { describe, expect, it } from "vitest";
import { actionOf, keyGroups, type Press } from "../src/keys";

function press(key: string, modifiers: Partial<Press> = {}): Press {
  return { key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...modifiers };
}

const all = () => true;
const reads = (needs: string) => needs === "read";
const writes = (needs: string) => needs !== "delete";

describe("a key", () => {
  it.each([
    [press("/"), "search"],
    [press("?", { shiftKey: true }), "keys"],
    [press("z", { ctrlKey: true }), "undo"],
    [press("Z", { metaKey: true }), "undo"], // Caps Lock
    [press("Z", { ctrlKey: true, shiftKey: true }), null],
    [press("z"), null],
    [press("3"), "rate3"],
    [press("3", { ctrlKey: true }), null],
    [press("ArrowLeft", { altKey: true }), null],
    [press("ArrowRight", { shiftKey: true }), "timeline"],
    [press("a"), null],
    [press("a", { ctrlKey: true }), "timeline"],
    [press("#", { shiftKey: true }), "remove"],
    [press("constructor"), null],
  ])("%o does %s", (event, action) => {
    expect(actionOf(event, all)).toBe(action);
  });

  it("that the session does not allow is nobody's", () => {
    expect(actionOf(press("z", { ctrlKey: true }), reads)).toBeNull();
    expect(actionOf(press("3"), reads)).toBeNull();
    expect(actionOf(press("Delete"), writes)).toBeNull();
    expect(actionOf(press("PageDown"), reads)).toBe("timeline");
  });
});

describe("the overlay", () => {
  const shown = (may: (needs: string) => boolean) => keyGroups(may).flatMap(({ keys }) => keys.map(([name]) => name));

  it("has the keys that the session allows", () => {
    expect(shown(all)).toContain("Delete #");
    expect(shown(writes)).not.toContain("Delete #");
    expect(shown(writes)).toContain("Ctrl+Z");
    for (const name of ["Ctrl+Z", "x", "Shift+Arrows", "Ctrl+A", "1–5 0", "Delete #"])
      expect(shown(reads)).not.toContain(name);
    expect(shown(reads)).toContain("Enter");
  });

  it("names under Everywhere only what the viewer has too", () => {
    const everywhere = keyGroups(all).find(({ title }) => title === "Everywhere")!;
    expect(everywhere.keys.map(([name]) => name)).toEqual(["?", "Ctrl+Z", "Esc"]);
    expect(shown(all)).toContain("/");
  });
});
