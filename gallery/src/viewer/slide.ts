/** One photo as elements: a box of its size in the view, with the sharpest picture of it that is there. */
import { thumbHashToDataURL } from "thumbhash";
import type { FaceBox } from "./faces";
import { Kind, type Tile } from "../core/tile";
import { LEVELS, type Level } from "./neighbors";
import { originalSize } from "./pictures";
import { bytesOf } from "./text";
import * as zoom from "./zoom";
import type { Frame, RelativeZoom, Size, Transform } from "./zoom";

/** Milliseconds without a change after which the photo is laid out again, and so drawn sharply. */
const REST_MS = 120;
/** Device pixels per pixel of the photo from which a zoomed photo is drawn without smoothing. */
const SQUARES = 4;
/** Pixels of a photo whose size is not known yet: it fills the view. */
const NOMINAL = 24e6;

export class Slide {
  readonly root = element("slide");
  readonly box = element("box");
  #level = -1;
  #frame: Frame;
  #transform: Transform;
  /** The scale that the box is laid out at. */
  #base = 1;
  #isSized: boolean;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #faces: HTMLElement[] = [];

  constructor(
    public tile: Tile,
    view: Size,
    dpr: number,
    content: Size | null,
  ) {
    this.#frame = { view, dpr, content: content ?? nominal(tile.ratio) };
    this.#isSized = content !== null;
    this.#transform = zoom.fit(this.#frame);
    this.root.append(this.box);
    if (tile.thumbhash) this.box.append(placeholder(tile.thumbhash));
    this.#lay();
  }

  get frame(): Frame {
    return this.#frame;
  }

  get transform(): Transform {
    return this.#transform;
  }

  /** A video fills the view, and its still with it. */
  get canZoom(): boolean {
    return !(this.tile.kind & Kind.video);
  }

  /** Larger than the view. */
  get isZoomed(): boolean {
    return !zoom.isFit(this.#frame, this.#transform);
  }

  /** Smaller than the view allows. */
  get isReduced(): boolean {
    return zoom.isReduced(this.#frame, this.#transform);
  }

  /** Whether there is anything to see. */
  get isDrawn(): boolean {
    return this.box.childElementCount > 0;
  }

  get level(): Level | null {
    return LEVELS[this.#level] ?? null;
  }

  /** The place of the photo in the view. */
  get rect(): DOMRect {
    const { scale, x, y } = this.#transform;
    return new DOMRect(x, y, this.#frame.content.width * scale, this.#frame.content.height * scale);
  }

  /** Takes another view, or size of the photo; the middle of the view stays there. */
  resize(view: Size, dpr: number, content: Size | null): void {
    const relative = this.relativeZoom;
    const { isReduced } = this;
    this.#frame = { view, dpr, content: content ?? this.#frame.content };
    this.#isSized ||= content !== null;
    this.#transform = relative ? zoom.fromRelative(this.#frame, relative) : zoom.fit(this.#frame);
    if (isReduced) this.#transform = zoom.actual(this.#frame, this.#transform);
    this.#lay();
  }

  /** For a photo of another size; null where it is not zoomed. */
  get relativeZoom(): RelativeZoom | null {
    return this.isZoomed ? zoom.toRelative(this.#frame, this.#transform) : null;
  }

  set relativeZoom(relative: RelativeZoom | null) {
    this.#transform = relative ? zoom.fromRelative(this.#frame, relative) : zoom.fit(this.#frame);
    this.#lay();
  }

  /** isMoving: it changes with every frame; the picture is laid out again once it rests. */
  set(transform: Transform, isMoving = false): void {
    this.#transform = transform;
    clearTimeout(this.#rest);
    if (!isMoving) {
      this.#lay();
      return;
    }
    this.box.style.willChange = "transform";
    this.box.style.transform = placed(transform, transform.scale / this.#base);
    this.#rest = setTimeout(() => this.#lay(), REST_MS);
  }

  /** Shows a decoded picture where it is sharper than the present one, which stays until the new one is painted. */
  show(level: Level, picture: HTMLImageElement): void {
    const rank = LEVELS.indexOf(level);
    if (rank <= this.#level) return;
    this.#level = rank;
    // Until the size is known the photo is taken for a large one; a picture of a small photo tells its size.
    const size = this.#isSized || !this.canZoom ? null : originalSize(level, picture);
    if (size) this.resize(this.#frame.view, this.#frame.dpr, size);
    picture.className = "picture";
    picture.decoding = "sync";
    const before = [...this.box.querySelectorAll(":scope > .picture")];
    const last = before.at(-1);
    if (last) last.after(picture);
    else this.box.prepend(picture);
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        for (const old of before) old.remove();
      }),
    );
  }

  /** The photo was edited: its next pictures are shown, whatever is shown now. */
  renew(tile: Tile): void {
    this.tile = tile;
    this.#level = -1;
    this.#isSized = false;
  }

  setFaces(faces: FaceBox[], highlighted: string | null): void {
    for (const face of this.#faces) face.remove();
    this.#faces = faces.map(({ id, box, name }) => {
      const face = element(id === highlighted ? "face highlighted" : "face");
      Object.assign(face.style, {
        left: `${box.x * 100}%`,
        top: `${box.y * 100}%`,
        width: `${box.w * 100}%`,
        height: `${box.h * 100}%`,
      });
      const label = document.createElement("span");
      label.textContent = name;
      face.append(label);
      this.box.append(face);
      return face;
    });
  }

  /** Plays a video over the photo once. Resolves at its end, rejects where the browser cannot play it. */
  play(url: string, isMuted: boolean, signal: AbortSignal): Promise<void> {
    const video = document.createElement("video");
    video.className = "motion";
    video.muted = isMuted;
    video.playsInline = true;
    video.disablePictureInPicture = true;
    video.src = url;
    return new Promise<void>((resolve, reject) => {
      const end = (finish: () => void) => {
        video.classList.remove("shown");
        setTimeout(() => {
          video.remove();
          video.removeAttribute("src");
          video.load();
        }, 200);
        finish();
      };
      video.onplaying = () => video.classList.add("shown");
      video.onended = () => end(resolve);
      video.onerror = () => end(() => reject(new Error("This browser cannot play the video of this photo.")));
      signal.addEventListener("abort", () => end(resolve), { once: true });
      this.box.append(video);
      video.play().catch((error: unknown) => {
        if (!video.error && !signal.aborted) end(() => reject(error));
      });
    });
  }

  remove(): void {
    clearTimeout(this.#rest);
    this.root.remove();
    for (const picture of this.box.querySelectorAll(".picture")) picture.remove();
  }

  #lay(): void {
    const { content, dpr } = this.#frame;
    const at = zoom.snapped(this.#frame, this.#transform);
    this.#base = at.scale;
    const { style } = this.box;
    style.willChange = "";
    style.width = `${content.width * at.scale}px`;
    style.height = `${content.height * at.scale}px`;
    style.transform = placed(at, 1);
    this.box.classList.toggle("squares", this.isZoomed && at.scale * dpr >= SQUARES);
  }
}

function placed({ x, y }: Transform, factor: number): string {
  return `translate(${x}px, ${y}px) scale(${factor})`;
}

function nominal(ratio: number): Size {
  const height = Math.sqrt(NOMINAL / ratio);
  return { width: height * ratio, height };
}

function element(className: string): HTMLDivElement {
  const div = document.createElement("div");
  div.className = className;
  return div;
}

function placeholder(thumbhash: string): HTMLImageElement {
  const image = new Image();
  image.className = "picture";
  image.alt = "";
  image.draggable = false;
  image.src = thumbHashToDataURL(bytesOf(thumbhash));
  return image;
}
