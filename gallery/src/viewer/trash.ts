/** Into the trash, and out of it. */
import { ApiError, getJson, sendJson } from "../api";
import type { Library } from "../core/library";
import { Kind, type Tile } from "../core/tile";
import type { Change } from "../edits.svelte";

/** Moves a photo, with all the members of its stack. Rejects with ApiError. */
export async function move(
  library: Library,
  tile: Tile,
  where: "trash" | "restore",
): Promise<{ change: Change | null; ids: string[] }> {
  const ids = await membersOf(library, tile);
  await sendJson<void>("POST", `/api/assets/${where}`, { ids });
  const { change } = await getJson<{ change: Change | null }>("/api/undo");
  return { change, ids };
}

async function membersOf(library: Library, { id, kind, stack }: Tile): Promise<string[]> {
  if (stack === 1 && !(kind & (Kind.stack | Kind.live))) return [id];
  for (let attempt = 1; ; attempt++) {
    const at = await library.ordinalOf(id);
    if (at === null) return [id];
    try {
      return await library.ids(at, at + 1, true);
    } catch (error) {
      // The view has changed since, as by the photo that was moved just before.
      if (attempt === 3 || !(error instanceof ApiError) || error.status !== 409) throw error;
      await library.refresh();
    }
  }
}

/** The photo to show after one that leaves the view: the next, else the one before; null where none is left. */
export function successor(current: number, total: number, isGone: (ordinal: number) => boolean): number | null {
  for (let at = current + 1; at < total; at++) if (!isGone(at)) return at;
  for (let at = current - 1; at >= 0; at--) if (!isGone(at)) return at;
  return null;
}
