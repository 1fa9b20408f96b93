/** Draws what is in view of a layout, and a little more: rows of tiles, the headers of their groups, the pictures. */
import type { Layout } from "../core/layout";
import type { Library } from "../core/library";
import type { Selection } from "../core/selection";
import { viewParams } from "../view";
import { Headers } from "./headers";
import { Pictures } from "./pictures";
import { Rows } from "./rows";
import type { TileView } from "./tile";
import type { Viewport } from "./viewport";

/** How far rows are drawn beyond the view, in its heights: in the direction of travel, and behind. */
const AHEAD = 0.9;
const BEHIND = 0.4;
/** Tiles that are loaded beyond what is drawn, in the direction of travel. */
const TILES_AHEAD = 300;

export class Painter {
  readonly rows: Rows;
  readonly #headers: Headers;
  readonly #pictures = new Pictures();
  readonly #params: string;
  #layout: Layout;
  #range: [number, number] = [0, -1];
  #isSelectable = false;
  #active = -1;
  #tabStop: TileView | null = null;

  constructor(
    readonly layer: HTMLElement,
    layout: Layout,
    readonly viewport: Viewport,
    readonly library: Library,
    readonly selection: Selection,
  ) {
    this.#layout = layout;
    this.#params = viewParams(library.view).toString();
    this.rows = new Rows(
      layer,
      (group) => this.#headers.of(group),
      () => this.#pictures.pump(),
    );
    const firstRow = (group: number) => this.rows.firstOf(this.#layout, group);
    this.#headers = new Headers(layer, library, selection, firstRow, (group) => {
      const { starts } = this.#layout.groups;
      selection.toggleRange(starts[group]!, starts[group + 1]!);
    });
  }

  /** The tile that has the focus, or had it last. */
  get active(): number {
    return this.#active;
  }

  set active(ordinal: number) {
    this.#active = ordinal;
    this.#setTabStop();
  }

  get isSelectable(): boolean {
    return this.#isSelectable;
  }

  set isSelectable(isSelectable: boolean) {
    this.#isSelectable = isSelectable;
    this.#headers.setSelectable(isSelectable);
    for (const tile of this.rows.tiles()) this.#mark(tile);
  }

  get hasFocus(): boolean {
    return this.layer.contains(document.activeElement);
  }

  /** Ordinals from start to before stop. */
  get drawn(): [number, number] {
    const [first, last] = this.#range;
    return last < first ? [0, 0] : [this.#layout.rowFirst(first), this.#layout.rowFirst(last + 1)];
  }

  tile(ordinal: number): TileView | null {
    return this.rows.tile(this.#layout, ordinal);
  }

  /** Draws what has come into view, and takes away what has left it. */
  draw(): void {
    const [first, last] = this.#inReach();
    if (first !== this.#range[0] || last !== this.#range[1])
      for (const tile of this.rows.draw(this.#layout, first, last, this.#pinned, this.viewport.offset))
        this.#bind(tile);
    this.#finish([first, last]);
  }

  /** Draws another layout, or another state of the view. */
  redraw(layout: Layout): void {
    const { hasFocus } = this;
    this.#layout = layout;
    this.#headers.clear();
    const reach = this.#inReach();
    this.rows.redraw(layout, reach, this.#pinned, this.viewport.offset, (ordinal) => this.library.tile(ordinal)?.id);
    for (const tile of this.rows.tiles()) this.#bind(tile);
    this.#finish(reach);
    if (hasFocus) (this.tile(this.active)?.link ?? this.viewport.scroller).focus({ preventScroll: true });
  }

  /** After the window over the content has moved. */
  shift(offset: number): void {
    this.rows.move(this.#layout, offset);
  }

  /** Shows tiles that have come, or were edited. */
  loaded(start: number, stop: number): void {
    for (const tile of this.rows.tiles()) if (start <= tile.ordinal && tile.ordinal < stop) this.#bind(tile);
    this.#headers.loaded(this.#layout, start, stop);
    if (this.viewport.wantsPictures) this.#showPictures();
  }

  /** Shows what is selected. */
  mark(): void {
    for (const tile of this.rows.tiles()) this.#mark(tile);
    this.layer.classList.toggle("is-selecting", this.selection.count > 0);
    this.#headers.selected(this.#layout);
  }

  /** Nothing moves: pictures may be made as sharp as the screen. */
  rest(): void {
    this.#pictures.rest();
  }

  /** Requests pictures again that could not be loaded. */
  retry(): void {
    this.#pictures.retry();
  }

  clear(): void {
    this.#pictures.clear();
    this.rows.clear();
    this.#headers.clear();
  }

  /** The first and the last row to be drawn. */
  #inReach(): [number, number] {
    const layout = this.#layout;
    const { y, height, direction } = this.viewport;
    const [above, below] = direction < 0 ? [AHEAD, BEHIND] : [BEHIND, AHEAD];
    const first = layout.band(layout.rowAt(y - above * height))[0];
    return [first, layout.rows ? layout.rowAt(y + (1 + below) * height) : -1];
  }

  /** The row of the focused tile stays drawn wherever it is. */
  get #pinned(): number {
    return this.hasFocus && this.active >= 0 ? this.#layout.rowOf(this.active) : -1;
  }

  #finish(range: [number, number]): void {
    this.#range = range;
    const { y, height, offset, scrolledHeight, wantsTiles, wantsPictures } = this.viewport;
    this.#headers.draw(this.#layout, y, y + height, offset, scrolledHeight);
    this.#setTabStop();
    if (wantsTiles) this.#look();
    if (wantsPictures) this.#showPictures();
  }

  #bind(view: TileView): void {
    const tile = this.library.tile(view.ordinal);
    if (tile) view.bind(tile, `?${this.#params}${this.#params && "&"}photo=${tile.id}`);
    this.#mark(view);
  }

  #mark({ cell, ordinal }: TileView): void {
    const isSelected = this.selection.has(ordinal);
    cell.classList.toggle("is-selected", isSelected);
    cell.classList.toggle("is-previewed", this.selection.isPreviewed(ordinal));
    cell.ariaSelected = this.#isSelectable ? String(isSelected) : null;
  }

  #look(): void {
    const [start, stop] = this.drawn;
    const [before, after] = this.viewport.direction < 0 ? [TILES_AHEAD, 0] : [0, TILES_AHEAD];
    this.library.look(Math.max(0, start - before), stop + after);
  }

  #showPictures(): void {
    const { y, height, direction } = this.viewport;
    const visible: TileView[] = [];
    const above: TileView[] = [];
    const below: TileView[] = [];
    for (const [row, { tiles }] of [...this.rows.drawn].sort((a, b) => a[0] - b[0])) {
      const rect = this.#layout.rowRect(row);
      const list = rect.top + rect.height <= y ? above : rect.top >= y + height ? below : visible;
      list.push(...tiles);
    }
    above.reverse();
    this.#pictures.show(visible, direction < 0 ? [...above, ...below] : [...below, ...above]);
  }

  /**
   * One tile and one heading take part in the order of Tab: of the active tile, or else of the first in view. No heading
   * that has left the view: the browser would scroll to it, and the first tile in view would lie before it.
   */
  #setTabStop(): void {
    const { y, height } = this.viewport;
    const layout = this.#layout;
    const [first] = layout.visible(y, height);
    const stop = this.tile(this.active) ?? this.tile(first);
    this.#headers.setTabStop(layout.groupOf(stop?.ordinal ?? first), layout.groupOf(first));
    if (stop === this.#tabStop && stop?.link.tabIndex === 0) return;
    if (this.#tabStop) this.#tabStop.link.tabIndex = -1;
    if (stop) stop.link.tabIndex = 0;
    this.#tabStop = stop;
  }
}
