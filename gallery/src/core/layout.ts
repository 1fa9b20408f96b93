/**
 * The exact place of every tile of a view, in CSS pixels, before anything is drawn.
 *
 * Justified rows under headers. A group that does not fill a row shares a band with its neighbors, side by side. Of the
 * tiles only the rows are stored: where a tile lies in its row follows from the ratios.
 */
import { clampedRatios, lastAtMost, type Groups } from "./geometry";

export interface LayoutOptions {
  width: number;
  /** The height that rows come close to. */
  rowHeight: number;
  gap: number;
  /** The height of a group's header. */
  header: number;
  /** Below a group. */
  below: number;
  /** Between groups in one band. */
  between: number;
  /** The least width of a group, so that its header can be read. */
  narrowest: number;
}

export interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Beyond these ratios a tile is cropped: a strip of 20:1 would make a row of a few pixels. */
const NARROWEST = 0.4;
const WIDEST = 5;

class Rows {
  count = 0;
  first: Uint32Array;
  top: Float64Array;
  height: Int32Array;
  left: Int32Array;
  width: Int32Array;

  constructor(capacity: number) {
    this.first = new Uint32Array(capacity + 1);
    this.top = new Float64Array(capacity);
    this.height = new Int32Array(capacity);
    this.left = new Int32Array(capacity);
    this.width = new Int32Array(capacity);
  }

  add(first: number, top: number, height: number, left: number, width: number): void {
    const row = this.count++;
    if (row >= this.height.length) this.#grow();
    this.first[row] = first;
    this.top[row] = top;
    this.height[row] = height;
    this.left[row] = left;
    this.width[row] = width;
  }

  #grow(): void {
    const capacity = this.height.length * 2;
    const copy = <T extends Uint32Array | Float64Array | Int32Array>(to: T, from: T): T => (to.set(from), to);
    this.first = copy(new Uint32Array(capacity + 1), this.first);
    this.top = copy(new Float64Array(capacity), this.top);
    this.height = copy(new Int32Array(capacity), this.height);
    this.left = copy(new Int32Array(capacity), this.left);
    this.width = copy(new Int32Array(capacity), this.width);
  }
}

export class Layout {
  readonly total: number;
  /** Of the whole, in CSS pixels. */
  height = 0;
  readonly groupTop: Float64Array;
  /** Below its last row; what is beneath it (`below`) is not included. */
  readonly groupBottom: Float64Array;
  readonly groupLeft: Int32Array;
  readonly groupWidth: Int32Array;
  /** The first row of each group, and, last, the number of rows. */
  readonly groupRow: Uint32Array;
  readonly #rows: Rows;
  readonly #ratios: Float64Array;

  constructor(
    readonly bytes: Uint8Array,
    readonly groups: Groups,
    readonly options: LayoutOptions,
  ) {
    const count = groups.keys.length;
    this.total = bytes.length;
    this.groupTop = new Float64Array(count);
    this.groupBottom = new Float64Array(count);
    this.groupLeft = new Int32Array(count);
    this.groupWidth = new Int32Array(count);
    this.groupRow = new Uint32Array(count + 1);
    this.#ratios = clampedRatios(NARROWEST, WIDEST);
    const isVisible = options.width > 0;
    const guess = isVisible ? (this.total * options.rowHeight * 1.3) / options.width + count + 16 : 16;
    this.#rows = new Rows(Math.ceil(guess));
    if (isVisible) this.#place();
    this.#rows.first[this.#rows.count] = this.total;
    this.groupRow[count] = this.#rows.count;
  }

  get rows(): number {
    return this.#rows.count;
  }

  /** The first ordinal of the row; for row = rows, the total. */
  rowFirst(row: number): number {
    return this.#rows.first[row]!;
  }

  rowRect(row: number): Rect {
    const { left, top, width, height } = this.#rows;
    return { left: left[row]!, top: top[row]!, width: width[row]!, height: height[row]! };
  }

  /** The row whose top is the last at or above y; the first one above all rows. Rows of a band: the last of them. */
  rowAt(y: number): number {
    return Math.max(0, lastAtMost(this.#rows.top, y, this.rows));
  }

  rowOf(ordinal: number): number {
    return lastAtMost(this.#rows.first, ordinal, this.rows);
  }

  /** The first and the last row of the band in which the row lies. */
  band(row: number): [number, number] {
    const { top } = this.#rows;
    let first = row;
    let last = row;
    while (first > 0 && top[first - 1] === top[row]) first--;
    while (last + 1 < this.rows && top[last + 1] === top[row]) last++;
    return [first, last];
  }

  groupOf(ordinal: number): number {
    return lastAtMost(this.groups.starts, ordinal, this.groups.keys.length);
  }

  /** The last group whose top is at or above y; the first one above all. */
  groupAt(y: number): number {
    return Math.max(0, lastAtMost(this.groupTop, y));
  }

  /** The first and the last group of the band in which the group begins. */
  groupBand(group: number): [number, number] {
    const { groupTop } = this;
    let first = group;
    let last = group;
    while (first > 0 && groupTop[first - 1] === groupTop[group]) first--;
    while (last + 1 < groupTop.length && groupTop[last + 1] === groupTop[group]) last++;
    return [first, last];
  }

  /** The left edges of a row's tiles, relative to the layout, and, last, the right edge plus the gap. */
  edges(row: number): Int32Array {
    const first = this.rowFirst(row);
    const count = this.rowFirst(row + 1) - first;
    const { gap } = this.options;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += this.#ratios[this.bytes[first + i]!]!;
    const left = this.#rows.left[row]!;
    const scale = (this.#rows.width[row]! - (count - 1) * gap) / sum;
    const edges = new Int32Array(count + 1);
    let before = 0;
    for (let i = 0; i <= count; i++) {
      edges[i] = left + Math.round(before * scale) + i * gap;
      if (i < count) before += this.#ratios[this.bytes[first + i]!]!;
    }
    return edges;
  }

  /** Of a tile; null where nothing is laid out or there is no such tile. */
  rect(ordinal: number): Rect | null {
    if (!this.rows || !(ordinal >= 0 && ordinal < this.total)) return null;
    const row = this.rowOf(ordinal);
    const edges = this.edges(row);
    const i = ordinal - this.rowFirst(row);
    const { top, height } = this.#rows;
    return {
      left: edges[i]!,
      top: top[row]!,
      width: edges[i + 1]! - edges[i]! - this.options.gap,
      height: height[row]!,
    };
  }

  /** The tile at a point, or else the nearest one in the nearest band; -1 where there is none. */
  tileAt(x: number, y: number): number {
    if (!this.rows) return -1;
    const [first, last] = this.#nearestBand(y);
    let nearest = -1;
    let least = Infinity;
    for (let row = first; row <= last; row++) {
      const edges = this.edges(row);
      for (let i = 0; i + 1 < edges.length; i++) {
        const right = edges[i + 1]! - this.options.gap;
        const distance = Math.max(edges[i]! - x, x - right, 0);
        if (distance < least) [nearest, least] = [this.rowFirst(row) + i, distance];
      }
    }
    return nearest;
  }

  /** Of the rows that lie between these positions, at least in part: the first tile, and behind the last. */
  tilesBetween(from: number, to: number): [number, number] {
    if (!this.rows) return [0, 0];
    const [top, bottom] = this.band(this.rowAt(from));
    const isAbove = this.#rows.top[top]! + this.#rows.height[top]! <= from && bottom + 1 < this.rows;
    const first = isAbove ? bottom + 1 : top;
    const last = Math.max(first, this.rowAt(to - 1));
    return [this.rowFirst(first), this.rowFirst(last + 1)];
  }

  /** The tile `bands` bands below (above where negative), nearest to x; at the ends the band there. */
  beyond(ordinal: number, bands: number, x: number): number {
    let row = this.rowOf(ordinal);
    for (let left = Math.abs(bands); left > 0; left--) {
      const [first, last] = this.band(row);
      const next = bands > 0 ? last + 1 : first - 1;
      if (next < 0 || next >= this.rows) break;
      row = next;
    }
    return this.tileAt(x, this.#rows.top[row]!);
  }

  #nearestBand(y: number): [number, number] {
    const band = this.band(this.rowAt(y));
    const next = band[1] + 1;
    if (next >= this.rows) return band;
    const { top, height } = this.#rows;
    const below = y - (top[band[1]]! + height[band[1]]!);
    return below > 0 && top[next]! - y < below ? this.band(next) : band;
  }

  #place(): void {
    const { width, header, below, between, narrowest } = this.options;
    const { keys, starts } = this.groups;
    let top = 0;
    // Of the open band: where the next group would begin, and where the band ends.
    let left = 0;
    let bottom = 0;
    for (let group = 0; group < keys.length; group++) {
      const start = starts[group]!;
      const stop = starts[group + 1]!;
      const titled = keys[group] === "" ? 0 : header;
      this.groupRow[group] = this.rows;
      const natural = this.#naturalWidth(start, stop);
      const fits = natural <= width;
      const slot = Math.min(width, Math.max(natural, narrowest));
      if (fits && left > 0 && left + between + slot <= width) left += between;
      else {
        if (left > 0) top = bottom + below;
        left = 0;
      }
      this.groupTop[group] = top;
      this.groupLeft[group] = left;
      if (fits) {
        const height = Math.round(this.options.rowHeight);
        this.#rows.add(start, top + titled, height, left, natural);
        bottom = top + titled + height;
        this.groupWidth[group] = slot;
        left += slot;
      } else {
        bottom = this.#fill(start, stop, top + titled);
        this.groupWidth[group] = width;
        left = width;
      }
      this.groupBottom[group] = bottom;
    }
    this.height = bottom + (keys.length ? below : 0);
  }

  /** The width of the tiles in one row; Infinity where they do not fit. */
  #naturalWidth(start: number, stop: number): number {
    const { width, rowHeight, gap } = this.options;
    const ratios = this.#ratios;
    const { bytes } = this;
    let total = -gap;
    for (let i = start; i < stop; i++) {
      total += ratios[bytes[i]!]! * rowHeight + gap;
      if (total > width) return Infinity;
    }
    return Math.round(total);
  }

  /** Lays out rows as wide as the layout, but for the last one; returns the bottom. */
  #fill(start: number, stop: number, top: number): number {
    const { width, rowHeight, gap } = this.options;
    const ratios = this.#ratios;
    const { bytes } = this;
    const rows = this.#rows;
    let first = start;
    let sum = 0;
    let gaps = 0;
    for (let i = start; i < stop; i++) {
      const ratio = ratios[bytes[i]!]!;
      const before = sum;
      sum += ratio;
      if (sum * rowHeight + gaps < width) {
        gaps += gap;
        continue;
      }
      // Break before or after this tile, whichever leaves the row's height closer to the wanted one.
      const shrunk = (width - gaps) / sum;
      const grown = i > first ? (width - gaps + gap) / before : Infinity;
      const isBefore = grown * shrunk < rowHeight * rowHeight;
      const height = Math.max(1, Math.round(isBefore ? grown : shrunk));
      rows.add(first, top, height, 0, width);
      top += height + gap;
      first = isBefore ? i : i + 1;
      sum = isBefore ? ratio : 0;
      gaps = isBefore ? gap : 0;
      if (isBefore && ratio * rowHeight >= width) {
        const alone = Math.max(1, Math.round(width / ratio));
        rows.add(i, top, alone, 0, width);
        top += alone + gap;
        [first, sum, gaps] = [i + 1, 0, 0];
      }
    }
    if (first < stop) {
      const height = Math.round(rowHeight);
      rows.add(first, top, height, 0, Math.min(width, Math.round(sum * rowHeight) + gaps - gap));
      top += height + gap;
    }
    return top - gap;
  }
}
