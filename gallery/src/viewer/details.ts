/** Everything the server knows of one photo. */
import { fileUrl, getJson } from "../api";
import { Kind, type Tile } from "../core/tile";
import type { Values } from "../edits.svelte";
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
  /** Of its file when that was first seen. */
  original_file_name: string;
  local_datetime: string;
  checksum: string;
  metadata: Metadata;
  /** A caption written by a model. */
  description: string | null;
  faces: { id: string; bounding_box: Box; person_id: string | null; timestamp_ms: number | null }[];
  people: { id: string; name: string | null; is_hidden: boolean }[];
  /** Pixels of the stored picture, before orientation; 0 where unknown. */
  width: number;
  height: number;
  file_size_bytes: number;
  trashed_at: string | null;
}

export interface Provenance {
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
  provenance: Provenance[];
  /** First the one that stands for the asset. */
  files: AssetFile[];
  keywords: string[];
  albums: { id: string; name: string }[];
  /** What is wrong with its files or its picture. */
  problems: string[];
  /** What else could not be computed. */
  failures: string[];
  motion: { url: string; mimetype: string } | null;
  panorama: Panorama | null;
  /** All assets of its stack, first the one that a timeline shows; empty where it is in no stack. */
  stack: string[];
}

/** The name of the file that stands for it now, and the one under which it was first seen, where that differs. */
export function namesOf({ asset, files }: Pick<Details, "asset" | "files">): { name: string; former: string | null } {
  const first = asset.original_file_name;
  const name = files[0]?.name ?? first;
  return { name, former: name === first ? null : first };
}

/** Why its file cannot be read now; null where it can. */
export function absence({ files }: Pick<Details, "files">): string | null {
  if (files.some(({ state }) => state === "present")) return null;
  return files.some(({ state }) => state === "offline") ? "Its drive or folder is offline" : "Its file is missing";
}

/** The photos of its stack to choose from; none where that is only a photo and its video. */
export function membersIn({ stack, motion }: Details): string[] {
  return stack.length > (motion ? 2 : 1) ? stack : [];
}

export function downloadUrl(id: string): string {
  return `${fileUrl(id, "original")}?download=true`;
}

/** Types that every browser shows; the same as IN_BROWSERS in indexer/media/formats.py. */
const SHOWN = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"];

/** The file to show in full: the original where browsers show it upright. Not all turn other files than JPEGs. */
export function fullName({ mime_type, metadata }: AssetRecord): "original" | "fullsize" {
  const isUpright = (metadata.orientation ?? 1) === 1 || mime_type === "image/jpeg";
  return SHOWN.includes(mime_type) && isUpright ? "original" : "fullsize";
}

/** A tile for a member of a stack that the timeline does not show. */
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

/** Maximum number of photos whose details are kept. */
const MAX_KEPT = 60;

/** Details of the photos that were looked at lately. */
export class DetailsCache {
  /** The latest request for each photo, under way or done. */
  readonly #requests = new Map<string, Promise<Details>>();
  readonly #loaded = new Map<string, Details>();

  constructor(private readonly load = (id: string) => getJson<Details>(`/api/assets/${id}/details`)) {}

  peek(id: string): Details | undefined {
    return this.#loaded.get(id);
  }

  /** Rejects with ApiError; the next call requests them again. */
  get(id: string): Promise<Details> {
    const earlier = this.#requests.get(id);
    if (earlier) return earlier;
    const request = this.load(id);
    this.#requests.set(id, request);
    request.then(
      (details) => {
        if (this.#requests.get(id) === request) this.#loaded.set(id, details);
      },
      () => {
        if (this.#requests.get(id) === request) this.#requests.delete(id);
      },
    );
    for (const old of this.#requests.keys()) {
      if (this.#requests.size <= MAX_KEPT) break;
      this.forget(old);
    }
    return request;
  }

  /** Requests them again; `peek` has the old ones until then. An older answer that comes later is dropped. */
  refresh(id: string): Promise<Details> {
    this.#requests.delete(id);
    return this.get(id);
  }

  /** Applies an edit that the server has saved. */
  amend(id: string, values: Values): void {
    const details = this.#loaded.get(id);
    if (details) this.#loaded.set(id, edited(details, values));
  }

  forget(id: string): void {
    this.#requests.delete(id);
    this.#loaded.delete(id);
  }

  /** Forgets all except this one. */
  forgetOthers(except: string): void {
    for (const id of [...this.#requests.keys()]) if (id !== except) this.forget(id);
  }
}

/** The details with the values of an edit. */
export function edited(details: Details, { rating, is_favorite, description }: Values): Details {
  const metadata = { ...details.asset.metadata };
  if (rating !== undefined) metadata.rating = rating;
  if (description !== undefined) metadata.description = description;
  return { ...details, is_favorite: is_favorite ?? details.is_favorite, asset: { ...details.asset, metadata } };
}

/** What an edit changes of a tile. */
export function patchOf({ rating, is_favorite, description }: Values): Partial<Tile> {
  const patch: Partial<Tile> = {};
  if (rating !== undefined) patch.rating = rating;
  if (is_favorite !== undefined) patch.favorite = is_favorite;
  if (description !== undefined) patch.description = description || null;
  return patch;
}

/** Rating 0 and "": none. */
export type EditableValues = Required<Omit<Values, "is_trashed">>;

/** What a tile shows of the values that can be edited; its description may be cut off. */
export function valuesOf({ rating, favorite, description }: Tile): EditableValues {
  return { rating: rating ?? 0, is_favorite: favorite, description: description ?? "" };
}

/** The values of the details that can be edited. */
export function savedValues({ is_favorite, asset }: Details): EditableValues {
  const { rating, description } = asset.metadata;
  return { rating: rating ?? 0, is_favorite, description: description ?? "" };
}

/** Whether the details are of the photo as its tile shows it: the picture, whether its file is there, and the values. */
export function isSame(tile: Tile, details: Details): boolean {
  const [shown, saved] = [valuesOf(tile), savedValues(details)];
  return (
    tile.version === details.version &&
    Boolean(tile.kind & Kind.offline) === (absence(details) !== null) &&
    shown.rating === saved.rating &&
    shown.is_favorite === saved.is_favorite &&
    saved.description.startsWith(shown.description) &&
    (shown.description !== "" || saved.description === "")
  );
}
