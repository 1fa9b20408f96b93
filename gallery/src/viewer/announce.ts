/** What a screen reader and the window's title say of the photo in view. */
import { Kind, type Tile } from "../core/tile";
import { announcement, dateText } from "./text";

export function spokenText(tile: Tile, ordinal: number, total: number): string {
  const { kind, place } = tile;
  const time = kind & Kind.undated ? null : tile.time;
  return announcement(ordinal, total, { kind: kind & Kind.video ? "Video" : "Photo", time, place });
}

export function titleText({ time, place }: Tile): string {
  return [dateText(time), place].filter(Boolean).join(" · ");
}

/** The window's title while the viewer is open. The page may change its own meanwhile: `restore` sets the latest. */
export class WindowTitle {
  #page = document.title;
  #own: string | null = null;

  set(text: string): void {
    if (document.title !== this.#own) this.#page = document.title;
    document.title = this.#own = text;
  }

  restore(): void {
    if (document.title === this.#own) document.title = this.#page;
    this.#own = null;
  }
}
