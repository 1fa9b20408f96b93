/** The elements of one tile, which show one asset after another. */
import { thumbHashToAverageRGBA, thumbHashToRGBA } from "thumbhash";
import { fileUrl } from "../api";
import { Kind, type Tile } from "../core/tile";
import { durationText, fullDate } from "../core/time";
import { recent } from "./recent";

/** The long side of the image that a thumbnail is, in pixels. */
const THUMBNAIL = 360;
/** Factor by which a thumbnail may be enlarged before a preview takes its place. */
const ENLARGED = 1.15;

/** Of a tile none of whose files can be read: its drive is away, or it is missing. */
const UNREACHABLE = "Its file cannot be reached now";
const NO_PREVIEW = "No preview";

/** A picture that comes later than this after its request fades in; cached ones are there before. */
const LATE_MS = 100;

export class TileView {
  readonly cell = document.createElement("div");
  readonly link = document.createElement("a");
  readonly image = document.createElement("img");
  ordinal = -1;
  tile: Tile | null = null;
  /** CSS pixels. */
  width = 0;
  height = 0;
  /** A source is set. */
  isRequested = false;
  /** It is shown, or cannot be. */
  isDone = false;
  isSharp = false;
  #canvas: HTMLCanvasElement | null = null;
  #badges: HTMLSpanElement | null = null;
  #requestedAt = 0;

  constructor(ondone: () => void) {
    this.cell.className = "tl-cell";
    this.cell.setAttribute("role", "gridcell");
    this.link.className = "tl-link";
    this.link.tabIndex = -1;
    this.link.draggable = false;
    this.image.className = "tl-image";
    this.image.decoding = "async";
    this.image.draggable = false;
    this.image.onload = () => {
      if (!this.isDone) this.#shown(performance.now() - this.#requestedAt > LATE_MS);
      ondone();
    };
    this.image.onanimationend = () => this.#removeHash();
    this.image.onerror = () => {
      this.isDone = true;
      this.cell.classList.add("is-broken");
      this.#describe();
      ondone();
    };
    this.link.append(this.image);
    this.cell.append(this.link);
  }

  place(ordinal: number, left: number, width: number, height: number): void {
    this.ordinal = ordinal;
    this.width = width;
    this.height = height;
    const { style } = this.cell;
    style.transform = `translateX(${left}px)`;
    style.width = `${width}px`;
    style.height = `${height}px`;
  }

  /** Shows the asset's texts and marks; its picture comes when it is requested. */
  bind(tile: Tile, href: string): void {
    if (this.tile && (this.tile.id !== tile.id || this.tile.version !== tile.version)) this.#clearImage();
    this.tile = { ...tile };
    this.link.href = href;
    this.#describe();
    this.cell.style.backgroundColor = tile.thumbhash && !this.isDone ? averageOf(tile.thumbhash) : "";
    this.#showBadges(tile);
  }

  /** Requests the thumbnail. */
  request(): void {
    const { tile, image } = this;
    if (!tile || this.isRequested) return;
    this.isRequested = true;
    this.#requestedAt = performance.now();
    image.src = fileUrl(tile.id, "thumbnail", tile.version);
    if (image.complete && image.naturalWidth > 0) this.#shown(false);
    else if (tile.thumbhash) this.#showHash(tile.thumbhash);
  }

  /** Whether the thumbnail has too few pixels for the size at which it is shown. */
  get wantsPreview(): boolean {
    return (
      this.isDone &&
      !this.isSharp &&
      !this.isBroken &&
      Math.max(this.width, this.height) * devicePixelRatio > THUMBNAIL * ENLARGED
    );
  }

  /** Shows a preview that is decoded. */
  sharpen(source: string): void {
    this.isSharp = true;
    this.image.src = source;
  }

  get isBroken(): boolean {
    return this.cell.classList.contains("is-broken");
  }

  /** Forgets that the thumbnail could not be loaded. */
  forget(): void {
    this.#clearImage();
  }

  /** Leaves the view: whatever is on its way is given up. */
  release(): void {
    this.#clearImage();
    this.ordinal = -1;
    this.tile = null;
    this.link.removeAttribute("href");
    this.link.tabIndex = -1;
    this.image.alt = "";
    this.cell.className = "tl-cell";
    this.cell.removeAttribute("aria-selected");
    this.cell.style.backgroundColor = "";
    this.#badges?.replaceChildren();
  }

  #describe(): void {
    if (this.tile) this.image.alt = altOf(this.tile) + (this.isBroken ? `, ${NO_PREVIEW.toLowerCase()}` : "");
    this.link.title = this.isBroken ? NO_PREVIEW : "";
  }

  #shown(isLate: boolean): void {
    this.isDone = true;
    recent.keep(this.image.src);
    this.cell.style.backgroundColor = "";
    this.image.classList.add("is-shown");
    this.image.classList.toggle("is-late", isLate);
    if (!isLate) this.#removeHash();
  }

  #clearImage(): void {
    this.image.removeAttribute("src");
    this.image.classList.remove("is-shown", "is-late");
    if (this.isBroken) {
      this.cell.classList.remove("is-broken");
      this.#describe();
    }
    this.isRequested = this.isDone = this.isSharp = false;
    this.#removeHash();
  }

  #showHash(hash: string): void {
    const bytes = bytesOf(hash);
    if (!bytes) return;
    const { w, h, rgba } = thumbHashToRGBA(bytes);
    const canvas = (this.#canvas ??= document.createElement("canvas"));
    canvas.className = "tl-hash";
    canvas.width = w;
    canvas.height = h;
    canvas.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0);
    this.link.prepend(canvas);
  }

  #removeHash(): void {
    this.#canvas?.remove();
  }

  #showBadges(tile: Tile): void {
    const badges = badgesOf(tile);
    if (!badges.length && !this.#badges) return;
    if (!this.#badges) {
      this.#badges = document.createElement("span");
      this.#badges.className = "tl-badges";
      this.#badges.ariaHidden = "true";
      this.link.append(this.#badges);
    }
    this.#badges.replaceChildren(
      ...badges.map(([name, text]) => {
        const badge = document.createElement("span");
        badge.className = `tl-badge tl-${name}`;
        badge.textContent = text;
        if (name === "offline") badge.title = UNREACHABLE;
        return badge;
      }),
    );
  }
}

function bytesOf(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

function averageOf(hash: string): string {
  const bytes = bytesOf(hash);
  if (!bytes || bytes.length < 5) return "";
  const { r, g, b } = thumbHashToAverageRGBA(bytes);
  return `rgb(${[r, g, b].map((part) => Math.round(part * 255)).join(" ")})`;
}

/** The names of the marks that a tile bears, and their texts. */
function badgesOf({ kind, duration, stack, rating, favorite }: Tile): [string, string][] {
  const badges: [string, string][] = [];
  if (kind & Kind.video) badges.push(["video", duration === null ? "" : durationText(duration)]);
  if (kind & Kind.live) badges.push(["live", ""]);
  else if (kind & Kind.motion) badges.push(["live", ""]);
  if (kind & Kind.panorama) badges.push(["text", "360°"]);
  if (kind & Kind.raw) badges.push(["text", "RAW"]);
  if (stack > 1) badges.push(["stack", String(stack)]);
  if (favorite) badges.push(["favorite", ""]);
  if (rating) badges.push(["rating", String(rating)]);
  if (kind & Kind.offline) badges.push(["offline", ""]);
  return badges;
}

function altOf(tile: Tile): string {
  const { kind, time, place, description, stack, duration } = tile;
  const what = kind & Kind.video ? "Video" : kind & Kind.panorama ? "360° panorama" : "Photo";
  const when = kind & Kind.undated ? "undated" : fullDate(time);
  const parts = [description ?? what, place, when];
  if (description && kind & Kind.video) parts.push("video");
  if (duration !== null) parts.push(durationText(duration));
  if (stack > 1) parts.push(`stack of ${stack}`);
  if (tile.favorite) parts.push("favorite");
  if (tile.rating) parts.push(`rated ${tile.rating} of 5`);
  if (kind & Kind.offline) parts.push(UNREACHABLE.toLowerCase());
  return parts.filter(Boolean).join(", ");
}
