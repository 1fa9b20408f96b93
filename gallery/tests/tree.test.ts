import { describe, expect, it } from "vitest";
import { ancestors, tabStopOf, visibleRows, type Folder } from "../src/folders/tree";

function folder(path: string, parent: number | null): Folder {
  return { path, parent, name: path.split("/").at(-1) ?? "", assets: 1, total: 1, offline: false };
}

const folders = [folder("/p", null), folder("/p/a", 0), folder("/p/a/x", 1), folder("/p/b", 0), folder("/q", null)];

describe("the tree of folders", () => {
  it("shows the indexed folders where nothing is open", () => {
    expect(visibleRows(folders, () => false).map((row) => row.folder.path)).toEqual(["/p", "/q"]);
  });

  it("shows what lies in open folders, unless a folder above is closed", () => {
    const rows = visibleRows(folders, (path) => path !== "/p/a");
    expect(rows.map((row) => [row.folder.path, row.depth, row.hasChildren])).toEqual([
      ["/p", 0, true],
      ["/p/a", 1, true],
      ["/p/b", 1, false],
      ["/q", 0, false],
    ]);
    expect(visibleRows(folders, (path) => path === "/p/a").map((row) => row.folder.path)).toEqual(["/p", "/q"]);
    expect(visibleRows(folders, () => true).map((row) => row.depth)).toEqual([0, 1, 2, 1, 0]);
  });

  it("knows what holds a folder", () => {
    expect(ancestors(folders, "/p/a/x")).toEqual(["/p/a", "/p"]);
    expect(ancestors(folders, "/q")).toEqual([]);
    expect(ancestors(folders, "/nowhere")).toEqual([]);
  });

  it("leads Tab to the nearest visible folder where the focused or selected one is in a closed folder", () => {
    const rows = visibleRows(folders, () => false);
    expect(tabStopOf(rows, folders, null, "/p/a/x")).toBe("/p");
    expect(tabStopOf(rows, folders, "/p/a", "/q")).toBe("/p");
    expect(tabStopOf(rows, folders, "/gone", "/q")).toBe("/q");
    expect(tabStopOf(rows, folders, null, null)).toBe("/p");
    expect(tabStopOf([], [], null, null)).toBeUndefined();
  });
});
