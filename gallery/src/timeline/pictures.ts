/** Which pictures are requested, and when: what is in view first, then a little ahead; sharper ones at rest. */
import { fileUrl } from "../api";
import type { TileView } from "./tile";

/** Of tiles out of view; those in view are all requested at once. */
const AHEAD = 3;
/** Previews that are loaded at once. */
const SHARPENING = 2;

export class Pictures {
  #visible: TileView[] = [];
  #ahead: TileView[] = [];
  #isResting = false;
  readonly #sharpening = new Map<TileView, HTMLImageElement>();

  /** Takes what is in view now, in order, and what is out of view, the next first. */
  show(visible: TileView[], ahead: TileView[]): void {
    this.#visible = visible;
    this.#ahead = ahead;
    this.#isResting = false;
    for (const tile of this.#sharpening.keys()) if (!visible.includes(tile)) this.#stop(tile);
    this.pump();
  }

  /** Nothing moves: what is in view may be made as sharp as the screen. */
  rest(): void {
    this.#isResting = true;
    this.pump();
  }

  /** Requests what may be requested now. Called again whenever a picture is done. */
  pump(): void {
    for (const tile of this.#visible) tile.request();
    if (this.#visible.some(isWaiting)) return;
    let waiting = this.#ahead.filter(isWaiting).length;
    for (const tile of this.#ahead) {
      if (waiting >= AHEAD) return;
      if (tile.isRequested || !tile.tile) continue;
      tile.request();
      if (!tile.isDone) waiting++;
    }
    if (!this.#isResting || waiting) return;
    for (const tile of this.#visible) {
      if (this.#sharpening.size >= SHARPENING) return;
      if (tile.wantsPreview && !this.#sharpening.has(tile)) this.#sharpen(tile);
    }
  }

  /** Requests again those that could not be loaded. */
  retry(): void {
    for (const tile of [...this.#visible, ...this.#ahead]) if (tile.isBroken) tile.forget();
    this.pump();
  }

  clear(): void {
    this.#visible = this.#ahead = [];
    for (const tile of this.#sharpening.keys()) this.#stop(tile);
  }

  #sharpen(view: TileView): void {
    const { tile } = view;
    if (!tile) return;
    const loader = new Image();
    this.#sharpening.set(view, loader);
    loader.src = fileUrl(tile.id, "preview", tile.version);
    loader
      .decode()
      .then(() => {
        if (this.#sharpening.get(view) === loader && view.tile?.id === tile.id) view.sharpen(loader.src);
      })
      .catch(() => {
        if (this.#sharpening.get(view) === loader) view.isSharp = true; // there is none: the thumbnail has to do
      })
      .finally(() => {
        if (this.#sharpening.get(view) === loader) this.#sharpening.delete(view);
        this.pump();
      });
  }

  #stop(tile: TileView): void {
    this.#sharpening.get(tile)?.removeAttribute("src");
    this.#sharpening.delete(tile);
  }
}

function isWaiting(tile: TileView): boolean {
  return tile.isRequested && !tile.isDone;
}
