/** One photo as elements: a box of its size in the view, with the sharpest picture of it that is there. */
import { thumbHashToDataURL } from "thumbhash";
import type { Tile } from "../core/tile";
import type { FaceBox } from "./faces";
import type { Level } from "./neighbors";
import { fit, isFit, kept, restored, snapped, type Frame, type Kept, type Size, type Transform } from "./zoom";

const LEVELS: readonly Level[] = ["thumbnail", "preview", "full"];
/** Milliseconds without a change after which the photo is laid out anew, and so drawn sharply. */
const REST_MS = 120;
/** Device pixels a pixel of the photo, from which on pixels of a photo that is zoomed are shown as squares. */
const SQUARES = 4;
/** Pixels of a photo whose size is not known yet; only their relation counts. */
const NOMINAL = 24e6;

export class Slide {
  readonly root = element("slide");
  readonly box = element("box");
  #level = -1;
  #picture: HTMLImageElement | null = null;
  #frame: Frame;
  #transform: Transform;
  #base = 1;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #faces: HTMLElement[] = [];

  constructor(
    public tile: Tile,
    view: Size,
    dpr: number,
    content: Size | null,
  ) {
    this.#frame = { view, dpr, content: content ?? nominal(tile.ratio) };
    this.#transform = fit(this.#frame);
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

  get isZoomed(): boolean {
    return !isFit(this.#frame, this.#transform);
  }

  /** Whether there is anything to see. */
  get isDrawn(): boolean {
    return this.box.childElementCount > 0;
  }

  /** Of the picture that is shown, in its own pixels; 0 where there is none. */
  get pictureWidth(): number {
    return this.#picture?.naturalWidth ?? 0;
  }

  get level(): Level | null {
    return LEVELS[this.#level] ?? null;
  }

  /** The place of the photo in the view. */
  get rect(): DOMRect {
    const { scale, x, y } = this.#transform;
    return new DOMRect(x, y, this.#frame.content.width * scale, this.#frame.content.height * scale);
  }

  /** The view, or what is known of the photo's size, is another: what is looked at stays in the middle. */
  resize(view: Size, dpr: number, content: Size | null): void {
    const state = kept(this.#frame, this.#transform);
    const wasFit = !this.isZoomed;
    this.#frame = { view, dpr, content: content ?? this.#frame.content };
    this.#transform = wasFit ? fit(this.#frame) : restored(this.#frame, state);
    this.#lay();
  }

  keep(): Kept | null {
    return this.isZoomed ? kept(this.#frame, this.#transform) : null;
  }

  restore(state: Kept): void {
    this.#transform = restored(this.#frame, state);
    this.#lay();
  }

  /** isMoving: it changes with every frame; the picture is laid out anew once it rests. */
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

  /** A decoded picture, where it is sharper than what is shown. What was shown stays until the new one is painted. */
  show(level: Level, picture: HTMLImageElement): void {
    const rank = LEVELS.indexOf(level);
    if (rank <= this.#level) return;
    this.#level = rank;
    this.#picture = picture;
    picture.className = "picture";
    picture.decoding = "sync";
    const before = [...this.box.querySelectorAll(":scope > .picture")];
    const last = before.at(-1);
    if (last) last.after(picture);
    else this.box.prepend(picture);
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        for (const one of before) one.remove();
      }),
    );
  }

  setFaces(faces: FaceBox[], highlighted: string | null): void {
    for (const one of this.#faces) one.remove();
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
    for (const one of this.box.querySelectorAll(".picture")) one.remove();
  }

  #lay(): void {
    const { content, dpr } = this.#frame;
    const at = snapped(this.#frame, this.#transform);
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
  const made = document.createElement("div");
  made.className = className;
  return made;
}

function placeholder(thumbhash: string): HTMLImageElement {
  const image = new Image();
  image.className = "picture";
  image.alt = "";
  image.draggable = false;
  image.src = thumbHashToDataURL(Uint8Array.from(atob(thumbhash), (byte) => byte.charCodeAt(0)));
  return image;
}
