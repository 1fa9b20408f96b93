/** The photo in view and its neighbors: loads their pictures, and shows one in the place of another. */
import type { Library } from "../core/library";
import { Kind, type Tile } from "../core/tile";
import { faceBoxes, uprightSize } from "./faces";
import type { DetailsCache } from "./details";
import { LEVELS, Loader, plan, type Job, type Level } from "./neighbors";
import { jobOf, keyOf, loadImage, releaseImage } from "./pictures";
import { onPixelRatio } from "./pixelRatio";
import { Slide } from "./slide";
import * as zoom from "./zoom";
import type { Point, RelativeZoom, Size, Transform } from "./zoom";

export interface StageEvents {
  /** Another photo is in view. */
  onshow(tile: Tile): void;
  /** Its sharpness or its scale changed. */
  onchange(): void;
  /** A picture of the photo in view could not be loaded. */
  onfail(level: Level): void;
  /** Details of the photo in view were loaded, or could not be. */
  ondetails(id: string, error: unknown): void;
}

/** Photos shown for fewer milliseconds are passed by. */
const PASSING_MS = 180;
/** Milliseconds after which the full picture is loaded though the preview is sharp: for zooming. */
const AHEAD_MS = 400;
/** Maximum milliseconds that the previous photo stays in view while no picture of the next one is loaded. */
const HELD_MS = 120;
/** Tiles loaded on each side of the photo in view. */
const AROUND = 8;
/** CSS pixels between two photos that are swiped. */
const GAP = 24;
/** Pixels of a long side, more than any view has. */
const LARGE = 1e4;

export class Stage {
  readonly loader = new Loader<HTMLImageElement>(loadImage, 3, 100e6, releaseImage);
  ordinal = -1;
  keepsZoom = false;
  #slide: Slide | null = null;
  #beside: { slide: Slide; ordinal: number } | null = null;
  #keptZoom: RelativeZoom | null = null;
  #faces: { areShown: boolean; highlighted: string | null } = { areShown: false, highlighted: null };
  #direction: 1 | -1 = 1;
  #movedAt = 0;
  /** Number of the latest photo shown: answers that an older one waits for are dropped. */
  #turn = 0;
  #isClosed = false;
  #isMoving = false;
  #mayLoadFull = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #view: Size;
  readonly #sizes = new ResizeObserver(() => this.#resize());
  readonly #unwatch = onPixelRatio(() => this.#resize());

  constructor(
    private readonly container: HTMLElement,
    private readonly library: Library,
    private readonly details: DetailsCache,
    private readonly events: StageEvents,
  ) {
    this.#view = { width: container.clientWidth, height: container.clientHeight };
    this.#sizes.observe(container);
  }

  get slide(): Slide | null {
    return this.#slide;
  }

  get view(): Size {
    return this.#view;
  }

  /** Shows a photo of the view. Rejects as Library.get does. */
  async show(ordinal: number): Promise<void> {
    if (this.#isClosed) return;
    const turn = ++this.#turn;
    if (this.ordinal >= 0 && ordinal !== this.ordinal) this.#direction = ordinal > this.ordinal ? 1 : -1;
    const now = performance.now();
    this.#isMoving = now - this.#movedAt < PASSING_MS;
    this.#movedAt = now;
    this.ordinal = ordinal;
    clearTimeout(this.#timer);
    const tile = this.library.tile(ordinal) ?? (await this.library.get(ordinal));
    if (turn !== this.#turn) return;
    const beside = this.#beside?.ordinal === ordinal && this.#beside.slide.tile.id === tile.id ? this.#beside : null;
    const slide = beside?.slide ?? this.#make(tile);
    this.#dropBeside(beside?.slide);
    await this.#replace(slide, turn);
  }

  /** Shows another member of the stack. */
  async showInstead(tile: Tile): Promise<void> {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#dropBeside();
    this.ordinal = tile.ordinal;
    await this.#replace(this.#make(tile), ++this.#turn);
  }

  /** The photo in view has another ordinal, or other properties. */
  rename(ordinal: number, tile: Tile): void {
    this.ordinal = ordinal;
    if (this.#slide && this.#slide.tile.version !== tile.version) this.#slide.renew(tile);
    else if (this.#slide) this.#slide.tile = tile;
    this.#load();
  }

  /** The details of the photo in view were loaded again: it may have another size. */
  measure(): void {
    const slide = this.#slide;
    if (!slide) return;
    slide.resize(this.#view, devicePixelRatio, this.#size(slide.tile));
    this.#drawFaces();
    this.#load();
  }

  /** Loads again what could not be loaded. */
  retry(): void {
    this.loader.forgetErrors();
    this.#load();
  }

  async #replace(slide: Slide, turn: number): Promise<void> {
    const before = this.#slide;
    if (before?.canZoom && this.keepsZoom) this.#keptZoom = before.relativeZoom;
    this.#slide = slide;
    if (this.keepsZoom && slide.canZoom && this.#keptZoom) slide.relativeZoom = this.#keptZoom;
    this.#mayLoadFull = false;
    this.#faces.highlighted = null;
    this.#drawFaces();
    this.events.onshow(slide.tile);
    this.#load();
    this.#timer = setTimeout(() => this.#rest(), this.#isMoving ? PASSING_MS : AHEAD_MS);
    if (!slide.isDrawn && before) {
      const first = Promise.race(LEVELS.map((level) => this.loader.wait(keyOf(slide.tile, level))));
      await Promise.race([first, new Promise((resolve) => setTimeout(resolve, HELD_MS))]);
    }
    if (before && before !== slide) before.remove();
    if (turn !== this.#turn) {
      if (this.#slide !== slide && this.#beside?.slide !== slide) slide.remove();
      return;
    }
    slide.root.style.transform = "";
    if (!slide.root.isConnected) this.container.prepend(slide.root);
  }

  #make(tile: Tile): Slide {
    const slide = new Slide(tile, this.#view, devicePixelRatio, this.#size(tile));
    for (const level of LEVELS) {
      const picture = this.loader.get(keyOf(tile, level));
      if (picture) slide.show(level, picture);
    }
    return slide;
  }

  #size({ id, kind }: Tile): Size | null {
    const asset = this.details.peek(id)?.asset;
    if (!asset?.width || !asset.height) return null;
    const { width, height } = uprightSize(asset, asset.metadata.orientation ?? 1);
    // The still of a video is as large as the video, which fills the view.
    const factor = kind & Kind.video ? LARGE / Math.max(width, height) : 1;
    return { width: width * factor, height: height * factor };
  }

  #rest(): void {
    if (this.#isMoving) this.#timer = setTimeout(() => this.#rest(), AHEAD_MS - PASSING_MS);
    else this.#mayLoadFull = true;
    this.#isMoving = false;
    this.#load();
  }

  /** Requests the pictures that are needed now; shows those that are loaded. */
  #load(): void {
    const slide = this.#slide;
    if (!slide) return;
    const turn = this.#turn;
    const steps = plan(this.ordinal, this.library.total, this.#direction, {
      isMoving: this.#isMoving,
      fullAhead: this.keepsZoom && slide.isZoomed,
    });
    const jobs = steps.flatMap(({ ordinal, level }) => {
      const tile = ordinal === this.ordinal ? slide.tile : this.library.tile(ordinal);
      if (!tile || (level === "full" && !this.#wantsFull(tile, slide))) return [];
      return this.#jobs(tile, level);
    });
    // A full picture in view is kept, though nothing would load it now.
    if (slide.level === "full") jobs.push(...this.#jobs(slide.tile, "full"));
    this.loader.want(jobs);
    for (const level of LEVELS) this.#await(slide, level);
    if (!this.#isMoving) {
      this.#loadDetails(slide.tile, turn);
      const [start, stop] = [Math.max(0, this.ordinal - AROUND), Math.min(this.library.total, this.ordinal + AROUND)];
      if (!this.library.tile(start) || !this.library.tile(stop - 1))
        this.library.load(start, stop).then(
          () => turn === this.#turn && this.#load(),
          () => {}, // requested again with the next photo
        );
    }
  }

  #jobs(tile: Tile, level: Level): Job[] {
    const job = jobOf(tile, level, this.details.peek(tile.id));
    return job ? [job] : [];
  }

  /** The full picture is loaded where the preview is not sharp enough, and once a photo is not just passed by. */
  #wantsFull(tile: Tile, slide: Slide): boolean {
    if (tile.kind & Kind.video) return false;
    if (tile !== slide.tile) return true;
    return this.#mayLoadFull || slide.isZoomed || this.#isShort(slide);
  }

  #isShort(slide: Slide): boolean {
    const preview = this.loader.get(keyOf(slide.tile, "preview"));
    return preview !== undefined && preview.naturalWidth < slide.rect.width * devicePixelRatio * 0.99;
  }

  #await(slide: Slide, level: Level): void {
    const key = keyOf(slide.tile, level);
    const shown = this.loader.get(key);
    if (shown) {
      if (slide.level !== level) slide.show(level, shown);
      return;
    }
    void this.loader.wait(key).then((picture) => {
      if (this.#slide !== slide) return;
      if (picture) {
        slide.show(level, picture);
        if (level === "preview" && this.#isShort(slide)) this.#load();
        this.events.onchange();
      } else if (this.loader.error(key) !== undefined) this.events.onfail(level);
    });
  }

  /** The details tell how large a photo is, and where its full picture is. */
  #loadDetails(tile: Tile, turn: number): void {
    if (this.details.peek(tile.id)) {
      this.#loadDetailsAhead();
      return;
    }
    this.details.get(tile.id).then(
      () => {
        if (turn !== this.#turn || !this.#slide) return;
        this.measure();
        this.events.ondetails(tile.id, null);
      },
      (error: unknown) => this.events.ondetails(tile.id, error),
    );
  }

  #loadDetailsAhead(): void {
    for (const distance of [1, -1]) {
      const tile = this.library.tile(this.ordinal + distance * this.#direction);
      if (tile) this.details.get(tile.id).catch(() => {});
    }
  }

  #resize(): void {
    this.#view = { width: this.container.clientWidth, height: this.container.clientHeight };
    if (!this.#view.width || !this.#view.height) return;
    this.#dropBeside();
    this.#slide?.resize(this.#view, devicePixelRatio, this.#size(this.#slide.tile));
    this.#load();
    this.events.onchange();
  }

  // Zoom

  /** Does nothing to a video. */
  transform(change: (slide: Slide) => Transform, isMoving = false): void {
    const slide = this.#slide;
    if (!slide?.canZoom) return;
    const wasZoomed = slide.isZoomed;
    slide.set(change(slide), isMoving);
    if (!wasZoomed && slide.isZoomed) this.#load();
    this.events.onchange();
  }

  zoomTo(scale: number, point: Point = this.#middle(), isMoving = false): void {
    this.transform(({ frame, transform }) => zoom.zoomedTo(frame, transform, scale, point), isMoving);
  }

  step(direction: 1 | -1): void {
    if (this.#slide) this.zoomTo(zoom.nextScale(this.#slide.frame, this.#slide.transform.scale, direction));
  }

  fit(): void {
    this.transform(({ frame }) => zoom.fit(frame));
  }

  actual(): void {
    this.transform(({ frame, transform }) => zoom.actual(frame, transform));
  }

  pan(dx: number, dy: number, isMoving = false): void {
    if (this.#slide?.isZoomed)
      this.transform(({ frame, transform }) => zoom.panned(frame, transform, dx, dy), isMoving);
  }

  // Faces

  /** Boxes of all faces, or only of the one that is highlighted. The highlight ends with the photo. */
  showFaces(areShown: boolean, highlighted: string | null): void {
    this.#faces = { areShown, highlighted };
    this.#drawFaces();
  }

  #drawFaces(): void {
    const slide = this.#slide;
    const asset = slide && this.details.peek(slide.tile.id)?.asset;
    if (!asset) return;
    const { areShown, highlighted } = this.#faces;
    slide.setFaces(faceBoxes(asset, areShown ? undefined : highlighted), highlighted);
  }

  #middle(): Point {
    return { x: this.#view.width / 2, y: this.#view.height / 2 };
  }

  // Swiping

  /** The photo and its neighbor follow the finger. Returns whether there is a neighbor. */
  drag(dx: number): boolean {
    const slide = this.#slide;
    if (!slide) return false;
    const ordinal = this.ordinal + (dx < 0 ? 1 : -1);
    if (this.#beside?.ordinal !== ordinal) {
      this.#dropBeside();
      const tile = this.library.tile(ordinal);
      if (tile && dx !== 0) {
        this.#beside = { slide: this.#make(tile), ordinal };
        this.container.prepend(this.#beside.slide.root);
      }
    }
    slide.root.style.transform = `translateX(${dx}px)`;
    const width = (this.#view.width + GAP) * (dx < 0 ? 1 : -1);
    if (this.#beside) this.#beside.slide.root.style.transform = `translateX(${dx + width}px)`;
    return this.#beside !== null;
  }

  /** Ends a swipe that has come as far as dx. Resolves when all rests, to the steps to the photo then in view. */
  async settle(dx: number, isThrough: boolean, isStill: boolean): Promise<-1 | 0 | 1> {
    const [slide, beside] = [this.#slide, this.#beside];
    if (!slide) return 0;
    const width = (this.#view.width + GAP) * (dx < 0 ? 1 : -1);
    const end = isThrough && beside ? -width : 0;
    const timing = { duration: isStill ? 0 : 200, easing: "cubic-bezier(0.2, 0, 0, 1)" };
    const move = ({ root }: Slide, offset: number) =>
      root.animate(
        [{ transform: `translateX(${dx + offset}px)` }, { transform: `translateX(${end + offset}px)` }],
        timing,
      ).finished;
    await Promise.all([move(slide, 0), ...(beside ? [move(beside.slide, width)] : [])]);
    slide.root.style.transform = "";
    if (end !== 0 && beside) {
      beside.slide.root.style.transform = "";
      return dx < 0 ? 1 : -1;
    }
    this.#dropBeside();
    return 0;
  }

  #dropBeside(except?: Slide): void {
    if (this.#beside && this.#beside.slide !== except) this.#beside.slide.remove();
    this.#beside = null;
  }

  close(): void {
    this.#isClosed = true;
    this.#sizes.disconnect();
    this.#unwatch();
    this.#turn++;
    clearTimeout(this.#timer);
    this.#dropBeside();
    this.#slide?.remove();
    this.#slide = null;
    this.loader.close();
  }
}
