/** The rows that are drawn: as many elements as fit the view, used again and again. */
import type { Layout } from "../core/layout";
import { TileView } from "./tile";

export interface RowView {
  row: number;
  element: HTMLDivElement;
  tiles: TileView[];
}

export class Rows {
  readonly drawn = new Map<number, RowView>();
  readonly #freeRows: RowView[] = [];
  readonly #freeTiles: TileView[] = [];
  /** While redrawing: tiles by the ids of their assets. */
  readonly #reused = new Map<string, TileView>();
  #idOf: (ordinal: number) => string | undefined = () => undefined;
  readonly #tileOf = new WeakMap<Element, TileView>();

  /** header: of a group, where that is drawn in the same layer. */
  constructor(
    readonly layer: HTMLElement,
    readonly header: (group: number) => Element | null,
    readonly ondone: () => void,
  ) {}

  /** The tile whose element this is, or is in. */
  at(target: EventTarget | null): TileView | null {
    const cell = target instanceof Element ? target.closest(".tl-cell") : null;
    return cell ? (this.#tileOf.get(cell) ?? null) : null;
  }

  /** Draws the rows from first to last; `pinned` stays drawn wherever it is. Returns the new tiles. */
  draw(layout: Layout, first: number, last: number, pinned: number, offset: number): TileView[] {
    for (const view of this.drawn.values())
      if ((view.row < first || view.row > last) && view.row !== pinned) this.#release(view);
    const added: TileView[] = [];
    // From the last one: a header that stays lies before all rows of its group, and rows above it go before it.
    for (let row = last; row >= first; row--) if (!this.drawn.has(row)) added.push(...this.#add(layout, row, offset));
    return added;
  }

  /** The first row that is drawn of a group. */
  firstOf(layout: Layout, group: number): Element | null {
    const stop = layout.groupRow[group + 1]!;
    let first = stop;
    for (const row of this.drawn.keys()) if (row >= layout.groupRow[group]! && row < first) first = row;
    return first < stop ? this.drawn.get(first)!.element : null;
  }

  /** What follows a row in the document: the next row that is drawn, or the header of that row's group. */
  #successor(layout: Layout, row: number): Element | null {
    let next = Infinity;
    for (const drawn of this.drawn.keys()) if (drawn > row && drawn < next) next = drawn;
    if (next === Infinity) return null;
    const group = layout.groupOf(layout.rowFirst(next));
    const isOther = group !== layout.groupOf(layout.rowFirst(row));
    return (isOther ? this.header(group) : null) ?? this.drawn.get(next)!.element;
  }

  /**
   * Draws the rows of another layout, or of another state of the view. Tiles of assets that are still there keep their
   * pictures. pinned: as for `draw`; idOf: of the new ordinals.
   */
  redraw(
    layout: Layout,
    [first, last]: [number, number],
    pinned: number,
    offset: number,
    idOf: (ordinal: number) => string | undefined,
  ): void {
    for (const view of this.drawn.values()) {
      for (const tile of view.tiles.splice(0)) {
        // Two may show one asset, where pages of two states of the view are side by side.
        if (tile.tile && !this.#reused.has(tile.tile.id)) this.#reused.set(tile.tile.id, tile);
        else {
          tile.release();
          this.#freeTile(tile);
        }
      }
      this.#release(view);
    }
    this.#idOf = idOf;
    this.draw(layout, first, last, pinned, offset);
    if (pinned >= 0 && !this.drawn.has(pinned)) this.#add(layout, pinned, offset);
    for (const tile of this.#reused.values()) {
      tile.release();
      this.#freeTile(tile);
    }
    this.#reused.clear();
  }

  /** After the window over the content has moved. */
  move(layout: Layout, offset: number): void {
    for (const { row, element } of this.drawn.values()) moveRow(element, layout.rowRect(row).top - offset);
  }

  clear(): void {
    for (const view of this.drawn.values()) this.#release(view);
  }

  *tiles(): Generator<TileView> {
    for (const { tiles } of this.drawn.values()) yield* tiles;
  }

  tile(layout: Layout, ordinal: number): TileView | null {
    const row = layout.rowOf(ordinal);
    return this.drawn.get(row)?.tiles[ordinal - layout.rowFirst(row)] ?? null;
  }

  #add(layout: Layout, row: number, offset: number): TileView[] {
    const next = this.#successor(layout, row);
    const { element, tiles } = this.#take(layout, row, offset);
    this.layer.insertBefore(element, next);
    return tiles;
  }

  #take(layout: Layout, row: number, offset: number): RowView {
    const view = this.#freeRows.pop() ?? { row, element: newRow(), tiles: [] };
    view.row = row;
    view.element.ariaRowIndex = String(layout.ariaRow(row));
    const { top, height } = layout.rowRect(row);
    view.element.style.height = `${height}px`;
    moveRow(view.element, top - offset);
    const edges = layout.edges(row);
    const first = layout.rowFirst(row);
    const count = edges.length - 1;
    while (view.tiles.length > count) this.#freeTile(view.tiles.pop()!);
    for (let i = 0; i < count; i++) {
      let tile = view.tiles[i];
      if (!tile) {
        tile = this.#reuse(first + i) ?? this.#freeTiles.pop() ?? this.#newTile();
        view.tiles.push(tile);
        view.element.append(tile.cell);
      }
      tile.cell.ariaColIndex = String(i + 1);
      tile.place(first + i, edges[i]!, edges[i + 1]! - edges[i]! - layout.options.gap, height);
    }
    this.drawn.set(row, view);
    return view;
  }

  #reuse(ordinal: number): TileView | undefined {
    const id = this.#reused.size ? this.#idOf(ordinal) : undefined;
    const tile = id === undefined ? undefined : this.#reused.get(id);
    if (id !== undefined) this.#reused.delete(id);
    return tile;
  }

  #release(view: RowView): void {
    for (const tile of view.tiles) tile.release();
    view.element.remove();
    this.drawn.delete(view.row);
    this.#freeRows.push(view);
  }

  #freeTile(tile: TileView): void {
    tile.cell.remove();
    this.#freeTiles.push(tile);
  }

  #newTile(): TileView {
    const tile = new TileView(this.ondone);
    this.#tileOf.set(tile.cell, tile);
    return tile;
  }
}

function newRow(): HTMLDivElement {
  const element = document.createElement("div");
  element.className = "tl-row";
  element.setAttribute("role", "row");
  return element;
}

/** Limit of positions, in pixels: a pinned row that is far away stays where browsers can place it. */
const FAR = 2_100_000;

function moveRow(element: HTMLElement, top: number): void {
  element.style.transform = `translateY(${Math.min(FAR, Math.max(-FAR / 2, top))}px)`;
}
