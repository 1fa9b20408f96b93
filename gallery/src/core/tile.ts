/** One tile of a timeline: an asset, or a stack shown as its best member; and the reading of pages of them. */
import { ratioOf } from "./geometry";

export const Kind = {
  video: 1,
  live: 2,
  motion: 4,
  panorama: 8,
  raw: 16,
  stack: 32,
  offline: 64,
  undated: 128,
} as const;

export interface Tile {
  /** Position in the view's order. */
  ordinal: number;
  id: string;
  /** Wall clock where the photo was taken, in milliseconds, read as UTC. */
  time: number;
  /** Of that clock from UTC, in minutes; null where it is unknown. */
  offset: number | null;
  /** Width / height, upright. */
  ratio: number;
  /** Bits of Kind. */
  kind: number;
  version: string;
  /** Base64. */
  thumbhash: string | null;
  /** Seconds, of videos. */
  duration: number | null;
  rating: number | null;
  favorite: boolean;
  /** Members of the stack; 1 without one. */
  stack: number;
  place: string | null;
  description: string | null;
}

/** What /api/timeline/tiles answers: columns, the sparse ones by position relative to `start`. */
export interface TileColumns {
  cursor: number;
  start: number;
  ids: string;
  times: number[];
  offsets: [number, number | null][];
  ratios: number[];
  kinds: number[];
  versions: string;
  thumbhashes: (string | null)[];
  places: { names: string[]; of: [number, number | null][] };
  durations: Record<string, number>;
  ratings: Record<string, number>;
  favorites: number[];
  stacks: Record<string, number>;
  descriptions: Record<string, string>;
}

const ID = 22;
const VERSION = 8;

/** Throws an Error where the columns do not fit together. */
export function tilesOf(columns: TileColumns): Tile[] {
  const { start, ids, versions, times, ratios, kinds, thumbhashes } = columns;
  const count = times.length;
  const fits =
    ids.length === count * ID &&
    versions.length === count * VERSION &&
    [ratios, kinds, thumbhashes].every((column) => column.length === count);
  if (!fits) throw new Error("The server's page of photos is malformed.");
  const offsets = expand(columns.offsets, count);
  const places = expand(columns.places.of, count);
  const favorites = new Set(columns.favorites);
  const tiles: Tile[] = [];
  let time = 0;
  for (let i = 0; i < count; i++) {
    time = i === 0 ? times[0]! : time - times[i]!;
    const quarters = offsets[i] ?? null;
    const place = places[i] ?? null;
    tiles.push({
      ordinal: start + i,
      id: "asset_" + ids.slice(i * ID, (i + 1) * ID),
      time: time * 1000,
      offset: quarters === null ? null : quarters * 15,
      ratio: ratioOf(ratios[i]!),
      kind: kinds[i]!,
      version: versions.slice(i * VERSION, (i + 1) * VERSION),
      thumbhash: thumbhashes[i] ?? null,
      duration: columns.durations[i] ?? null,
      rating: columns.ratings[i] ?? null,
      favorite: favorites.has(i),
      stack: columns.stacks[i] ?? 1,
      place: place === null ? null : (columns.places.names[place] ?? null),
      description: columns.descriptions[i] ?? null,
    });
  }
  return tiles;
}

/** Run lengths as a list of `count` values; null past their end. */
function expand(runs: [number, number | null][], count: number): (number | null)[] {
  const values: (number | null)[] = [];
  for (const [length, value] of runs) for (let i = 0; i < length && values.length < count; i++) values.push(value);
  while (values.length < count) values.push(null);
  return values;
}
