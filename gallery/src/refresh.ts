import { getJson } from "./api";
import type { Library } from "./core/library";

interface Details {
  asset: { id: string; metadata: { rating: number | null; description: string | null } };
  is_favorite: boolean;
}

// More than this many are read again page by page when they are looked at.
const MOST = 200;

/** Reads again what a timeline shows of these assets. Those that are gone are left to the library's own refresh. */
export async function refreshTiles(library: Library, ids: readonly string[]): Promise<void> {
  const some = ids.slice(0, MOST);
  const results = await Promise.allSettled(some.map((id) => getJson<Details>(`/api/assets/${id}/details`)));
  for (const result of results) {
    if (result.status === "rejected") continue;
    const { asset, is_favorite } = result.value;
    const { rating, description } = asset.metadata;
    library.patch(asset.id, { rating, description, favorite: is_favorite });
  }
}
