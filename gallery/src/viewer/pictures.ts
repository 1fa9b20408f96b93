/** Pictures as elements, decoded before they are shown. */
import { fileUrl } from "../api";
import type { Tile } from "../core/tile";
import { fullName, type Details } from "./details";
import type { Job, Level } from "./neighbors";
import type { Size } from "./zoom";

/** Rejects where it cannot be loaded or decoded, and with AbortError. */
export async function loadImage(url: string, signal: AbortSignal): Promise<HTMLImageElement> {
  const image = new Image();
  image.decoding = "async";
  image.alt = "";
  image.draggable = false;
  const abort = () => image.removeAttribute("src");
  signal.addEventListener("abort", abort);
  try {
    image.src = url;
    await image.decode();
    if (signal.aborted) throw new DOMException("", "AbortError");
    return image;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Has the browser forget what it decoded of an image that is not shown. */
export function releaseImage(image: HTMLImageElement): void {
  if (!image.isConnected) image.removeAttribute("src");
}

const PIXELS = { thumbnail: 0.1e6, preview: 1.6e6 };
/** Long side in pixels, of larger photos; see SIZES in indexer/enrich/renditions.py. */
const LONG_SIDE = { thumbnail: 360, preview: 1440, full: 0 };
/** Where the size is not known. */
const FULL_PIXELS = 12e6;

/** The size of the photo, where its picture is not a smaller one; else null. */
export function originalSize(
  level: Level,
  { naturalWidth: width, naturalHeight: height }: HTMLImageElement,
): Size | null {
  return width && height && Math.max(width, height) < LONG_SIDE[level] ? { width, height } : null;
}

/** Null while the picture's address is not known: that of the full one depends on the details. */
export function jobOf(tile: Tile, level: Level, details: Details | undefined): Job | null {
  const { id, version } = tile;
  const key = keyOf(tile, level);
  if (level !== "full") return { key, url: fileUrl(id, level, version), pixels: PIXELS[level] };
  if (!details) return null;
  const { width, height } = details.asset;
  return { key, url: fileUrl(id, fullName(details.asset), version), pixels: width * height || FULL_PIXELS };
}

export function keyOf({ id, version }: Tile, level: Level): string {
  return `${id} ${version} ${level}`;
}
