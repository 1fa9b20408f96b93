/**
 * The timeline's machinery: what is drawn where, as the view scrolls, is resized, or shows another state of the library.
 * Scrolling runs through here without any framework.
 */
import type { Layout } from "../core/layout";
import type { Library } from "../core/library";
import type { Pages } from "../core/pages";
import { Spacer, type Place } from "../core/scroll";
import type { Selection } from "../core/selection";
import { viewParams } from "../view";
import { chosenHeight, clampHeight, isDense, keepHeight, layOut, usualHeight } from "./density";
import { Headers } from "./headers";
import { holdAt, positionOf, shiftOf, type Hold } from "./hold";
import { Pictures } from "./pictures";
import { Rows } from "./rows";
import type { TileView } from "./tile";

export interface Parts {
  scroller: HTMLElement;
  spacer: HTMLElement;
  rows: HTMLElement;
  headers: HTMLElement;
}

/** A place in the timeline that outlasts the page. */
export interface Anchor {
  id: string;
  /** Pixels from the top of the timeline's window to the top of the tile. */
  offset: number;
  /** Where it was in which state of the view. */
  ordinal?: number;
  cursor?: number;
}

/** Faster than this, in pixels a millisecond, no pictures are asked for; and beyond the other no tiles either. */
const FLING = 5;
const FLIGHT = 40;
const REST_MS = 120;
const SCRUB_MS = 60;
/** Rows are drawn so far beyond the view, in its heights: in the direction of travel, and behind. */
const AHEAD = 0.9;
const BEHIND = 0.4;
/** Tiles are loaded so far beyond what is drawn, in the direction of travel. */
const TILES_AHEAD = 300;

export class Grid {
  layout: Layout;
  rowHeight: number;
  /** The content's position at the view's top. */
  y = 0;
  /** Of the view in the window, in CSS pixels. */
  #top = 0;
  /** Of the view, in CSS pixels. */
  width = 0;
  height = 0;
  /** Whether tiles can be selected. */
  isSelectable = false;
  /** The tile that has the focus, or had it last. */
  active = -1;
  readonly rows: Rows;
  readonly headers: Headers;
  readonly #pictures = new Pictures();
  readonly #spacer = new Spacer();
  readonly #params: string;
  readonly #undo: (() => void)[] = [];
  readonly #listeners = new Set<() => void>();
  #range: [number, number] = [0, -1];
  #direction = 1;
  #speed = 0;
  #lastTime = 0;
  #isHurried = false;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  /** Kept through a series of resizes, so that it ends where it began. */
  #hold: Hold | null = null;
  /** Where the state of the view that is about to be shown is looked at. */
  #next: Hold | null = null;
  #initial: Anchor | null;
  /** Nothing is drawn. */
  #isHeld: boolean;
  #offset = 0;
  #tabStop: TileView | null = null;

  constructor(
    readonly parts: Parts,
    readonly library: Library,
    readonly selection: Selection,
    initial: Anchor | null = null,
  ) {
    this.#initial = initial;
    this.#isHeld = initial !== null;
    this.rows = new Rows(parts.rows, () => this.#pictures.pump());
    this.headers = new Headers(parts.headers, library, selection, (group) => this.#toggleGroup(group));
    this.#params = viewParams(library.view).toString();
    this.rowHeight = chosenHeight() ?? usualHeight(parts.scroller.clientWidth);
    this.layout = layOut(library, this.rowHeight, 0);
    const onscroll = () => this.#scrolled();
    parts.scroller.addEventListener("scroll", onscroll, { passive: true });
    const observer = new ResizeObserver(() => this.#resized());
    observer.observe(parts.scroller);
    this.#undo.push(
      () => parts.scroller.removeEventListener("scroll", onscroll),
      () => observer.disconnect(),
      library.onchange(() => this.#changed()),
      library.onload((start, stop) => this.#loaded(start, stop)),
      library.participate((next) => this.#prepare(next)),
      selection.onchange(() => this.#selected()),
    );
    this.#selected();
    this.#resized();
    this.#begin();
  }

  destroy(): void {
    clearTimeout(this.#restTimer);
    for (const undo of this.#undo) undo();
    this.#pictures.clear();
    this.rows.clear();
    this.headers.clear();
  }

  setSelectable(isSelectable: boolean): void {
    this.isSelectable = isSelectable;
    this.headers.setSelectable(isSelectable);
    for (const tile of this.rows.tiles()) this.#mark(tile);
  }

  /** Called whenever another part of the content is in view, or it is laid out anew. */
  onmove(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last content position of the view's top. */
  get last(): number {
    return this.#spacer.last;
  }

  get visible(): [number, number] {
    return this.layout.tilesBetween(this.y + this.layout.options.header, this.y + this.height);
  }

  /** Shows the content from y on. hurried: one of a series of such calls. */
  moveTo(y: number, isHurried = false): void {
    this.#hold = null;
    this.#jump(y, isHurried);
  }

  scrollTo(ordinal: number, align: "start" | "center" | "nearest" = "center"): void {
    const rect = this.layout.rect(ordinal);
    if (!rect) return;
    const { header, gap } = this.layout.options;
    const top = rect.top - header;
    const bottom = rect.top + rect.height + gap - this.height;
    if (align === "start") this.moveTo(top);
    else if (align === "center") this.moveTo((top + bottom) / 2);
    else if (this.y > top) this.moveTo(top);
    else if (this.y < bottom) this.moveTo(Math.min(top, bottom));
  }

  /** Asks again for what could not be loaded. */
  retry(): void {
    this.library.retry();
    this.#pictures.retry();
  }

  /** The tile's picture in the window; null where it is not drawn. */
  rectOf(ordinal: number): DOMRect | null {
    return this.rows.tile(this.layout, ordinal)?.link.getBoundingClientRect() ?? null;
  }

  anchor(): Anchor | null {
    for (let [ordinal, stop] = this.visible; ordinal < stop; ordinal++) {
      const tile = this.library.tile(ordinal);
      const rect = tile && this.layout.rect(ordinal);
      if (rect) return { id: tile.id, offset: rect.top - this.y, ordinal, cursor: this.library.cursor };
    }
    return null;
  }

  /** False where the view does not hold it any more. */
  async restore(anchor: Anchor): Promise<boolean> {
    const isSame = anchor.ordinal !== undefined && anchor.cursor === this.library.cursor;
    const ordinal = isSame ? anchor.ordinal! : await this.library.ordinalOf(anchor.id);
    const rect = ordinal === null ? null : this.layout.rect(ordinal);
    if (!rect) return false;
    this.moveTo(rect.top - Math.max(anchor.offset, this.layout.options.header - rect.height));
    return true;
  }

  /** Gives a tile the focus, and brings it into view. */
  focusTile(ordinal: number): void {
    if (!(ordinal >= 0 && ordinal < this.library.total)) return;
    this.active = ordinal;
    this.scrollTo(ordinal, "nearest");
    this.#draw();
    this.rows.tile(this.layout, ordinal)?.link.focus({ preventScroll: true });
  }

  /** Changes the height of rows; what is at the point of the view stays there. */
  setRowHeight(height: number, x = this.width / 2, from = this.height / 2): void {
    const rowHeight = clampHeight(height);
    if (rowHeight === this.rowHeight) return;
    this.rowHeight = rowHeight;
    keepHeight(rowHeight);
    if (this.#hold?.asked !== from) this.#hold = this.#holdAt(x, from);
    this.#relay(this.#hold);
    this.#restLater(REST_MS);
  }

  /** What lies in the view at a point. */
  tileAt(x: number, from: number): number {
    return this.layout.tileAt(x, this.y + from);
  }

  /** After the active tile, or what is selected, was changed elsewhere. */
  #selected(): void {
    for (const tile of this.rows.tiles()) this.#mark(tile);
    this.parts.rows.classList.toggle("is-selecting", this.selection.count > 0);
    this.headers.selected(this.layout);
    this.selection.remember(this.library);
  }

  #toggleGroup(group: number): void {
    const { starts } = this.layout.groups;
    this.selection.toggleRange(starts[group]!, starts[group + 1]!);
  }

  #changed(): void {
    this.#hold = null;
    this.#relay(this.#next);
    this.#next = null;
    this.#rest();
    this.#begin();
  }

  /** Goes where the timeline is to begin, as soon as there is something; nothing is drawn before. */
  #begin(): void {
    const initial = this.#initial;
    if (!initial || !this.library.isOpen || !this.width) return;
    this.#initial = null;
    const show = () => {
      this.#isHeld = false;
      this.#draw(true);
      this.#restLater(REST_MS);
    };
    this.restore(initial).then(show, show);
  }

  #resized(): void {
    const { clientWidth, clientHeight } = this.parts.scroller;
    if (!clientWidth || !clientHeight || (clientWidth === this.width && clientHeight === this.height)) return;
    const isFirst = this.width === 0;
    if (isFirst) this.rowHeight = chosenHeight() ?? usualHeight(clientWidth);
    const { top } = this.parts.scroller.getBoundingClientRect();
    const lower = top - this.#top;
    this.#top = top;
    const isSame = clientWidth === this.width;
    if (!isFirst && !isSame) this.#hold ??= this.#holdAt(0, this.layout.options.header);
    this.width = clientWidth;
    this.height = clientHeight;
    // A bar that comes above the timeline covers photos, and does not push them down.
    if (isSame) {
      if (lower) this.#hold = null;
      this.#apply(this.#spacer.resize(this.layout.height, this.height, this.y + lower));
    } else this.#relay(this.#hold);
    this.#draw();
    this.#restLater(REST_MS);
    this.#begin();
  }

  /** Lays out anew. hold: what stays where it is; null: the content position. */
  #relay(hold: Hold | null, y = this.y): void {
    if (!this.width) return;
    this.layout = layOut(this.library, this.rowHeight, this.#contentWidth);
    this.parts.rows.classList.toggle("is-dense", isDense(this.rowHeight));
    this.parts.rows.ariaRowCount = String(this.layout.rows);
    const held = hold && positionOf(this.layout, hold);
    this.#apply(this.#spacer.resize(this.layout.height, this.height, held ?? y));
    this.#range = [0, -1];
    this.#draw(true);
  }

  get #contentWidth(): number {
    return Math.floor(this.parts.spacer.clientWidth);
  }

  /** At the very top it is the top that is held. */
  #holdAt(x: number, from: number): Hold | null {
    return this.y <= 0 && from <= this.layout.options.header ? null : holdAt(this.layout, this.y, x, from);
  }

  #apply({ offset, top }: Place): void {
    const { spacer, scroller } = this.parts;
    spacer.style.height = `${this.#spacer.height}px`;
    if (offset !== this.#offset) {
      this.#offset = offset;
      this.rows.move(this.layout, offset);
    }
    scroller.scrollTop = top;
    this.y = this.#spacer.contentAt(top);
  }

  #jump(y: number, isHurried: boolean): void {
    const now = performance.now();
    this.#direction = y < this.y ? -1 : 1;
    this.#apply(this.#spacer.moveTo(Math.round(y)));
    this.#isHurried = isHurried && now - this.#lastTime < 2 * SCRUB_MS;
    this.#speed = 0;
    this.#lastTime = now;
    this.#draw();
    this.#restLater(isHurried ? SCRUB_MS : REST_MS);
  }

  #scrolled(): void {
    const { scrollTop } = this.parts.scroller;
    const y = this.#spacer.contentAt(scrollTop);
    const moved = y - this.y;
    this.y = y;
    if (Math.abs(moved) < 1) return; // what was set here, as the browser rounds it
    const now = performance.now();
    this.#hold = null;
    this.#isHurried = false;
    this.#speed = Math.abs(moved) / Math.min(100, Math.max(8, now - this.#lastTime));
    this.#direction = Math.sign(moved);
    this.#lastTime = now;
    const place = this.#spacer.recenter(scrollTop, false);
    if (place) this.#apply(place);
    this.#draw();
    this.#restLater(REST_MS);
  }

  #restLater(delay: number): void {
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => this.#rest(), delay);
  }

  #rest(): void {
    this.#speed = 0;
    this.#isHurried = false;
    const place = this.#spacer.recenter(this.parts.scroller.scrollTop, true);
    if (place) this.#apply(place);
    this.#draw();
    this.#pictures.rest();
  }

  /** isNew: nothing that is drawn is right any more. */
  #draw(isNew = false): void {
    if (!this.width || this.#isHeld) return;
    const { layout, y, height, rows, headers } = this;
    const [above, below] = this.#direction < 0 ? [AHEAD, BEHIND] : [BEHIND, AHEAD];
    const first = layout.band(layout.rowAt(y - above * height))[0];
    const last = layout.rows ? layout.rowAt(y + (1 + below) * height) : -1;
    const hasFocus = rows.layer.contains(document.activeElement);
    const kept = hasFocus && this.active >= 0 ? layout.rowOf(this.active) : -1;
    if (isNew) {
      rows.redraw(layout, [first, last], kept, this.#offset, (ordinal) => this.library.tile(ordinal)?.id);
      headers.clear();
      for (const tile of rows.tiles()) this.#bind(tile);
    } else if (first !== this.#range[0] || last !== this.#range[1]) {
      for (const tile of rows.draw(layout, first, last, kept, this.#offset)) this.#bind(tile);
    }
    this.#range = [first, last];
    headers.draw(layout, y, y + height, this.#offset, this.#spacer.height);
    this.#setTabStop();
    if (isNew && hasFocus) this.#refocus();
    if (!this.#isHurried && this.#speed < FLIGHT) this.#look();
    if (!this.#isHurried && this.#speed < FLING) this.#showPictures();
    for (const listener of this.#listeners) listener();
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
    cell.ariaSelected = this.isSelectable ? String(isSelected) : null;
  }

  #look(): void {
    const [start, stop] = this.#drawnTiles();
    const [before, after] = this.#direction < 0 ? [TILES_AHEAD, 0] : [0, TILES_AHEAD];
    this.library.look(Math.max(0, start - before), stop + after);
  }

  #showPictures(): void {
    const visible: TileView[] = [];
    const above: TileView[] = [];
    const below: TileView[] = [];
    for (const [row, { tiles }] of [...this.rows.drawn].sort((a, b) => a[0] - b[0])) {
      const { top, height } = this.layout.rowRect(row);
      const list = top + height <= this.y ? above : top >= this.y + this.height ? below : visible;
      list.push(...tiles);
    }
    above.reverse();
    this.#pictures.show(visible, this.#direction < 0 ? [...above, ...below] : [...below, ...above]);
  }

  #loaded(start: number, stop: number): void {
    for (const tile of this.rows.tiles()) if (start <= tile.ordinal && tile.ordinal < stop) this.#bind(tile);
    this.headers.loaded(this.layout, start, stop);
    if (!this.#isHurried && this.#speed < FLING) this.#showPictures();
  }

  /** One tile takes part in the order of Tab: the active one, or else the first in view. */
  #setTabStop(): void {
    const stop = this.rows.tile(this.layout, this.active) ?? this.rows.tile(this.layout, this.visible[0]);
    if (stop === this.#tabStop && stop?.link.tabIndex === 0) return;
    if (this.#tabStop) this.#tabStop.link.tabIndex = -1;
    if (stop) stop.link.tabIndex = 0;
    this.#tabStop = stop;
  }

  #refocus(): void {
    const tile = this.rows.tile(this.layout, this.active);
    (tile?.link ?? this.parts.scroller).focus({ preventScroll: true });
  }

  #drawnTiles(): [number, number] {
    const [first, last] = this.#range;
    return last < first ? [0, 0] : [this.layout.rowFirst(first), this.layout.rowFirst(last + 1)];
  }

  /** Before another state of the view is shown: finds what is looked at in it, and loads that. */
  async #prepare(next: Pages): Promise<() => void> {
    const focused = this.library.tile(this.active)?.id;
    const [shift, active, selected] = await Promise.all([
      this.y > 0 ? shiftOf(this.library, next, this.visible) : 0,
      focused === undefined ? null : next.ordinalOf(focused),
      this.selection.remap(next),
    ]);
    const [start, stop] = this.#drawnTiles();
    await next.load(start + shift, stop + shift);
    return () => {
      this.active = active ?? -1;
      const [ordinal] = this.visible;
      const rect = this.y > 0 ? this.layout.rect(ordinal) : null;
      this.#next = rect && { ordinal: ordinal + shift, part: 0, from: rect.top - this.y };
      selected();
    };
  }
}
