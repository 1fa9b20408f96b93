/** The timeline without any framework: one layout of the library in a viewport, through resizes, zooms and changes. */
import type { Layout } from "../core/layout";
import type { Library } from "../core/library";
import type { Pages } from "../core/pages";
import type { Selection } from "../core/selection";
import { chosenHeight, clampHeight, isDense, keepHeight } from "./density";
import { holdAt, positionOf, type Hold } from "./hold";
import { applyMetrics, layOut, metricsOf, usualHeight } from "./metrics";
import { Painter } from "./painter";
import type { Rows } from "./rows";
import { prepare } from "./transition";
import { Viewport } from "./viewport";

export interface Parts {
  timeline: HTMLElement;
  scroller: HTMLElement;
  spacer: HTMLElement;
  rows: HTMLElement;
}

/** A place in the timeline that outlasts the page. */
export interface Anchor {
  /** Null: the tile was not loaded yet. */
  id: string | null;
  /** Pixels from the top of the timeline's window to the top of the tile. */
  offset: number;
  /** Where it was in which state of the view. */
  ordinal?: number;
  cursor?: number;
}

export class Grid {
  layout: Layout;
  rowHeight: number;
  readonly #viewport: Viewport;
  readonly #painter: Painter;
  readonly #undo: (() => void)[] = [];
  readonly #listeners = new Set<() => void>();
  /** Kept through a series of resizes, so that it ends where it began. */
  #hold: Hold | null = null;
  /** What is held in the state of the view that is being shown. */
  #nextHold: Hold | null = null;
  #initial: Anchor | null;
  /** Nothing is drawn until the initial place is known. */
  #isHeld: boolean;
  #isClosed = false;

  constructor(
    readonly parts: Parts,
    readonly library: Library,
    readonly selection: Selection,
    initial: Anchor | null = null,
  ) {
    this.#initial = initial;
    this.#isHeld = initial !== null;
    this.#viewport = new Viewport(parts.scroller, parts.spacer, {
      moved: (isScroll) => {
        if (isScroll) this.#hold = null;
        this.#draw();
      },
      shifted: (offset) => this.#painter.shift(offset),
      rested: () => {
        this.#draw();
        this.#painter.rest();
      },
    });
    this.rowHeight = chosenHeight() ?? usualHeight(parts.scroller.clientWidth);
    this.layout = layOut(library, this.rowHeight, 0, metricsOf(0));
    this.#painter = new Painter(parts.rows, this.layout, this.#viewport, library, selection);
    const observer = new ResizeObserver(() => this.#resized());
    observer.observe(parts.scroller);
    this.#undo.push(
      () => observer.disconnect(),
      library.onchange(() => this.#changed()),
      library.onload((start, stop) => this.#painter.loaded(start, stop)),
      library.participate((next) => this.#prepare(next)),
      selection.onchange(() => this.#selected()),
    );
    this.#selected();
    this.#resized();
    this.#begin();
  }

  destroy(): void {
    this.#isClosed = true;
    this.#viewport.destroy();
    for (const undo of this.#undo) undo();
    this.#painter.clear();
  }

  /** The content's position at the view's top. */
  get y(): number {
    return this.#viewport.y;
  }

  /** Of the view, in CSS pixels. */
  get height(): number {
    return this.#viewport.height;
  }

  /** The last content position of the view's top. */
  get last(): number {
    return this.#viewport.last;
  }

  get rows(): Rows {
    return this.#painter.rows;
  }

  /** The tile that has the focus, or had it last. */
  get active(): number {
    return this.#painter.active;
  }

  set active(ordinal: number) {
    this.#painter.active = ordinal;
  }

  /** Whether tiles can be selected. */
  get isSelectable(): boolean {
    return this.#painter.isSelectable;
  }

  set isSelectable(isSelectable: boolean) {
    this.#painter.isSelectable = isSelectable;
  }

  /** Ordinals from start to before stop. */
  get visible(): [number, number] {
    return this.layout.visible(this.y, this.height);
  }

  /** Called whenever another part of the content is in view, or it is laid out anew. */
  onmove(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Shows the content from y on. isHurried: one of a series of such calls. */
  moveTo(y: number, isHurried = false): void {
    this.#hold = null;
    this.#viewport.moveTo(y, isHurried);
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

  /** Requests again what could not be loaded. */
  retry(): void {
    this.library.retry();
    this.#painter.retry();
  }

  /** The tile's picture in the window; null where it is not drawn. */
  rectOf(ordinal: number): DOMRect | null {
    return this.#painter.tile(ordinal)?.link.getBoundingClientRect() ?? null;
  }

  /** The first tile in view that is loaded, or else the first; null where nothing is drawn. */
  anchor(): Anchor | null {
    if (this.#isHeld) return null;
    for (let [ordinal, stop] = this.visible; ordinal < stop; ordinal++) {
      const tile = this.library.tile(ordinal);
      const offset = this.#fromTop(ordinal);
      if (tile && offset !== null) return { id: tile.id, offset, ordinal, cursor: this.library.cursor };
    }
    const [ordinal] = this.visible;
    const offset = this.#fromTop(ordinal);
    return offset === null ? null : { id: null, offset, ordinal, cursor: this.library.cursor };
  }

  /** Gives a tile the focus, and brings it into view. */
  focusTile(ordinal: number): void {
    if (!(ordinal >= 0 && ordinal < this.library.total)) return;
    this.active = ordinal;
    this.scrollTo(ordinal, "nearest");
    this.#draw();
    this.#painter.tile(ordinal)?.link.focus({ preventScroll: true });
  }

  /** Changes the height of rows; what is at the point of the view stays there. */
  setRowHeight(height: number, x = this.#viewport.width / 2, from = this.height / 2): void {
    const rowHeight = clampHeight(height);
    if (rowHeight === this.rowHeight) return;
    this.rowHeight = rowHeight;
    keepHeight(rowHeight);
    if (this.#hold?.point !== from) this.#hold = this.#holdAt(x, from);
    this.#layOut(this.#hold);
    this.#viewport.restSoon();
  }

  /** Goes where the timeline is to begin, as soon as there is something; nothing is drawn before. */
  #begin(): void {
    const initial = this.#initial;
    if (!initial || !this.library.isOpen || !this.#viewport.width) return;
    this.#initial = null;
    const show = () => {
      if (this.#isClosed) return;
      this.#isHeld = false;
      this.#redraw();
      this.#viewport.restSoon();
    };
    this.#restore(initial).then(show, show);
  }

  async #restore(anchor: Anchor): Promise<void> {
    const isSame = anchor.id === null || anchor.cursor === this.library.cursor;
    const ordinal = isSame ? (anchor.ordinal ?? null) : await this.library.ordinalOf(anchor.id!);
    const rect = ordinal === null ? null : this.layout.rect(ordinal);
    if (rect && !this.#isClosed)
      this.moveTo(rect.top - Math.max(anchor.offset, this.layout.options.header - rect.height));
  }

  #resized(): void {
    const viewport = this.#viewport;
    const isFirst = viewport.width === 0;
    // Of the layout as it was: measuring changes the view.
    const hold = isFirst ? null : (this.#hold ?? this.#holdAt(0, this.layout.options.header));
    const change = viewport.measure();
    if (!change) return;
    if (isFirst) this.rowHeight = chosenHeight() ?? usualHeight(viewport.width);
    if (change.hasOtherWidth) {
      this.#hold = hold;
      this.#layOut(hold);
    } else {
      // A bar that comes above the timeline covers photos, and does not push them down.
      if (change.lower) this.#hold = null;
      viewport.setContent(this.layout.height, this.y + change.lower);
    }
    this.#draw();
    viewport.restSoon();
    this.#begin();
  }

  #changed(): void {
    this.#hold = null;
    this.#layOut(this.#nextHold);
    this.#nextHold = null;
    this.#viewport.rest();
    this.#begin();
  }

  /** Lays out anew. hold: what stays where it is; null: the content position. */
  #layOut(hold: Hold | null): void {
    const { width } = this.#viewport;
    if (!width) return;
    const metrics = metricsOf(width);
    applyMetrics(this.parts.timeline, metrics);
    this.layout = layOut(this.library, this.rowHeight, Math.floor(this.parts.spacer.clientWidth), metrics);
    this.parts.rows.classList.toggle("is-dense", isDense(this.rowHeight));
    this.parts.rows.ariaRowCount = String(this.layout.rows ? this.layout.ariaRow(this.layout.rows - 1) : 0);
    this.#viewport.setContent(this.layout.height, (hold && positionOf(this.layout, hold)) ?? this.y);
    this.#redraw();
  }

  /** At the very top it is the top that is held. */
  #holdAt(x: number, from: number): Hold | null {
    return this.y <= 0 && from <= this.layout.options.header ? null : holdAt(this.layout, this.y, x, from);
  }

  #draw(): void {
    if (this.#viewport.width && !this.#isHeld && !this.#isClosed) this.#painter.draw();
    this.#notify();
  }

  #redraw(): void {
    if (!this.#isHeld) this.#painter.redraw(this.layout);
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #selected(): void {
    this.#painter.mark();
    this.selection.remember(this.library);
  }

  #fromTop(ordinal: number): number | null {
    const rect = this.layout.rect(ordinal);
    return rect && rect.top - this.y;
  }

  async #prepare(next: Pages): Promise<() => void> {
    const grid = this;
    const { library, selection } = this;
    const { cursor } = library;
    const transition = await prepare(next, {
      selection,
      get visible() {
        return grid.visible;
      },
      get drawn() {
        return grid.#painter.drawn;
      },
      get active() {
        return grid.active;
      },
      get isAtTop() {
        return grid.y <= 0;
      },
      // Once the next state is shown, only tiles that are drawn are known by their old ordinals.
      idOf: (ordinal) =>
        this.#painter.tile(ordinal)?.tile?.id ?? (library.cursor === cursor ? library.tile(ordinal)?.id : undefined),
      fromTop: (ordinal) => this.#fromTop(ordinal),
    });
    return () => {
      const { active, hold } = transition();
      this.active = active;
      this.#nextHold = hold;
    };
  }
}
