/** The tree of folders, as the server lists it: parents before their children. */

export interface Folder {
  path: string;
  name: string;
  /** Position of the folder that holds it; null: an indexed folder. */
  parent: number | null;
  /** Photos in the folder itself, and with its subfolders. */
  assets: number;
  total: number;
  offline: boolean;
}

export interface Row {
  folder: Folder;
  index: number;
  depth: number;
  hasChildren: boolean;
}

/** Those whose ancestors are all open, in order. */
export function visibleRows(folders: readonly Folder[], isOpen: (path: string) => boolean): Row[] {
  const parents = new Set(folders.map(({ parent }) => parent));
  const depths = new Map<number, number>(); // of visible folders
  const rows: Row[] = [];
  folders.forEach((folder, index) => {
    let depth = 0;
    if (folder.parent !== null) {
      const above = depths.get(folder.parent);
      const parent = folders[folder.parent];
      if (above === undefined || !parent || !isOpen(parent.path)) return;
      depth = above + 1;
    }
    depths.set(index, depth);
    rows.push({ folder, index, depth, hasChildren: parents.has(index) });
  });
  return rows;
}

/** The paths of the folders that hold this one, the nearest first. */
export function ancestors(folders: readonly Folder[], path: string): string[] {
  const paths: string[] = [];
  let folder = folders.find((folder) => folder.path === path);
  while (folder && folder.parent !== null) {
    folder = folders[folder.parent];
    if (folder) paths.push(folder.path);
  }
  return paths;
}

/** The row that Tab leads to: the focused or else the selected one, or the nearest visible folder that holds it. */
export function tabStopOf(
  rows: readonly Row[],
  folders: readonly Folder[],
  focused: string | null,
  selected: string | null,
): string | undefined {
  const visible = new Set(rows.map(({ folder }) => folder.path));
  const candidates = [focused, selected].flatMap((path) => (path === null ? [] : [path, ...ancestors(folders, path)]));
  return candidates.find((path) => visible.has(path)) ?? rows[0]?.folder.path;
}
