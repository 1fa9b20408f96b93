/** All that the server tells of one photo, and the edits of it. */
import { getJson, sendJson } from "../api";
import { Kind, type Tile } from "../core/tile";
import type { Change } from "../edits.svelte";
import { uprightSize, type Box } from "./faces";
import { wallClock } from "./text";

export interface Metadata {
  make: string | null;
  model: string | null;
  orientation: number | null;
  lens_model: string | null;
  f_number: number | null;
  /** Millimeters. */
  focal_length: number | null;
  iso: number | null;
  /** Seconds. */
  exposure_time: number | null;
  exposure_bias: number | null;
  latitude: number | null;
  longitude: number | null;
  altitude: number | null;
  description: string | null;
  fps: number | null;
  timezone: string | null;
  display_label: string | null;
  country: string | null;
  rating: number | null;
}

export interface AssetRecord {
  id: string;
  mime_type: string;
  original_file_name: string;
  local_datetime: string;
  checksum: string;
  metadata: Metadata;
  /** What a model wrote of the picture. */
  description: string | null;
  faces: { id: string; bounding_box: Box; person_id: string | null; timestamp_ms: number | null }[];
  people: { id: string; name: string | null; is_hidden: boolean }[];
  /** Pixels of the stored picture, before orientation; 0 where unknown. */
  width: number;
  height: number;
  file_size_bytes: number;
  trashed_at: string | null;
}

export interface Origin {
  field: string;
  source: string;
  value: string;
  note: string | null;
  rank: number;
}

export interface AssetFile {
  path: string;
  root: string;
  folder: string;
  name: string;
  size: number | null;
  state: "present" | "offline" | "missing" | "gone";
  /** Base64 of the SHA-256. */
  checksum: string | null;
}

/** Which part of the sphere a panorama shows; pixels and degrees. */
export interface Panorama {
  full_width: number;
  full_height: number;
  cropped_width: number;
  cropped_height: number;
  cropped_left: number;
  cropped_top: number;
  pose_heading: number | null;
  pose_pitch: number | null;
  pose_roll: number | null;
  initial_heading: number | null;
  initial_pitch: number | null;
  initial_fov: number | null;
}

export interface Details {
  asset: AssetRecord;
  is_favorite: boolean;
  version: string;
  date: { source: string; text: string };
  origins: Origin[];
  files: AssetFile[];
  keywords: string[];
  albums: { id: string; name: string }[];
  problems: string[];
  motion: { url: string; mimetype: string } | null;
  panorama: Panorama | null;
  /** All assets of its stack, the one first that a timeline shows; none where it lies in no stack. */
  stack: string[];
}

/** Why its file cannot be read now; null where it can. */
export function absence({ files }: Pick<Details, "files">): string | null {
  if (!files.length || files.some(({ state }) => state === "present")) return null;
  return files.some(({ state }) => state === "offline") ? "Its drive or folder is offline" : "Its file is missing";
}

/** What every browser shows by itself; see SHOWN in indexer/enrich/demand.py. */
const SHOWN = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"];

/** Whether the original can be shown, upright: browsers turn JPEGs by themselves, of others not all do. */
export function fullName({ mime_type, metadata }: AssetRecord): "original" | "fullsize" {
  const isUpright = (metadata.orientation ?? 1) === 1 || mime_type === "image/jpeg";
  return SHOWN.includes(mime_type) && isUpright ? "original" : "fullsize";
}

/** As a timeline would show it: of a member of a stack, for which another one stands there. */
export function tileOf(details: Details, ordinal: number): Tile {
  const { asset, motion, stack } = details;
  const { mime_type, metadata } = asset;
  const size = uprightSize(asset, metadata.orientation ?? 1);
  const clock = wallClock(asset.local_datetime);
  return {
    ordinal,
    id: asset.id,
    time: clock?.time ?? 0,
    offset: clock?.offset ?? null,
    ratio: size.width && size.height ? size.width / size.height : 1,
    kind: (mime_type.startsWith("video/") ? Kind.video : 0) | (motion ? Kind.live : 0) | (clock ? 0 : Kind.undated),
    version: details.version,
    thumbhash: null,
    duration: null,
    rating: metadata.rating,
    favorite: details.is_favorite,
    stack: stack.length || 1,
    place: metadata.display_label,
    description: metadata.description,
  };
}

const MOST = 60;

/** The details of photos that were looked at lately. */
export class DetailsCache {
  #known = new Map<string, Promise<Details>>();
  #there = new Map<string, Details>();

  constructor(private readonly fetchOne = (id: string) => getJson<Details>(`/api/assets/${id}/details`)) {}

  peek(id: string): Details | undefined {
    return this.#there.get(id);
  }

  /** Rejects with ApiError; then it is asked for again. */
  get(id: string): Promise<Details> {
    let asked = this.#known.get(id);
    if (!asked) {
      asked = this.fetchOne(id);
      this.#known.set(id, asked);
      asked.then(
        (details) => {
          if (this.#known.get(id) === asked) this.#there.set(id, details);
        },
        () => {
          if (this.#known.get(id) === asked) this.#known.delete(id);
        },
      );
      for (const old of this.#known.keys()) {
        if (this.#known.size <= MOST) break;
        this.forget(old);
      }
    }
    return asked;
  }

  /** It is asked for again; until that is there, `peek` has what was known. */
  refresh(id: string): Promise<Details> {
    this.#known.delete(id);
    return this.get(id);
  }

  forget(id: string): void {
    this.#known.delete(id);
    this.#there.delete(id);
  }

  /** All but those of these ids. */
  forgetOthers(ids: string[]): void {
    for (const id of [...this.#known.keys()]) if (!ids.includes(id)) this.forget(id);
  }
}

export interface Edit {
  rating?: number;
  is_favorite?: boolean;
  description?: string;
}

/** Rejects with ApiError. Null where nothing changed. */
export async function edit(id: string, values: Edit): Promise<Change | null> {
  const { change } = await sendJson<{ change: Change | null }>("PATCH", "/api/assets", { ids: [id], ...values });
  return change;
}

/** As it will be when the edit is saved. */
export function edited(from: Details, { rating, is_favorite, description }: Edit): Details {
  const metadata = { ...from.asset.metadata };
  if (rating !== undefined) metadata.rating = rating;
  if (description !== undefined) metadata.description = description;
  return { ...from, is_favorite: is_favorite ?? from.is_favorite, asset: { ...from.asset, metadata } };
}

/** The same of a tile: what becomes other. */
export function patchOf({ rating, is_favorite, description }: Edit): Partial<Tile> {
  const patch: Partial<Tile> = {};
  if (rating !== undefined) patch.rating = rating;
  if (is_favorite !== undefined) patch.favorite = is_favorite;
  if (description !== undefined) patch.description = description || null;
  return patch;
}

/** Whether a tile shows what the details say of what can be edited. Its description may be cut off. */
export function isSame({ rating, favorite, description }: Tile, { is_favorite, asset }: Details): boolean {
  const { metadata } = asset;
  const begin = description ?? "";
  return (
    (rating ?? 0) === (metadata.rating ?? 0) &&
    favorite === is_favorite &&
    (metadata.description ?? "").startsWith(begin) &&
    (begin !== "" || !metadata.description)
  );
}
