/** Pictures as elements, decoded before they are shown. */
import { fileUrl } from "../api";
import type { Tile } from "../core/tile";
import { fullName, type Details } from "./details";
import type { Job, Level } from "./neighbors";

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
/** Where the size is not known. */
const FULL_PIXELS = 12e6;

/** Null while it cannot be told where the picture is: of the full one that takes the details. */
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
