/**
 * The exact place of every tile of a view, in CSS pixels, before anything is drawn.
 *
 * Justified rows under headers. Groups that do not fill a row share a band, side by side; a band fills the width like a
 * row. Of the tiles only the rows are stored: where a tile lies in its row follows from the ratios.
 */
import { clampedRatios, lastAtMost, type Groups } from "./geometry";
import { RowTable } from "./rowtable";

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

/** The heights that rows and bands may take to fill the width, as parts of the row height. */
const LOWEST = 0.75;
const HIGHEST = 1.4;

/** A group in the open band. */
interface Slot {
  group: number;
  /** The sum of its tiles' ratios. */
  ratio: number;
  /** The sum of the gaps between its tiles. */
  gaps: number;
}

/** The least height at which the group is wider than its header. */
function wider({ ratio, gaps }: Slot, narrowest: number): number {
  return ((narrowest - gaps) / ratio) * (1 + 1e-9);
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
  readonly #rows: RowTable;
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
    this.#rows = new RowTable(Math.ceil(guess));
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

  /** The row's number, from 1, where each header of a group is a row too. */
  ariaRow(row: number): number {
    return row + 1 + (this.groups.keys[0] === "" ? 0 : this.groupOf(this.rowFirst(row)) + 1);
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

  /** The same for a view of that height at content position y, whose top is covered by a header. */
  visible(y: number, height: number): [number, number] {
    return this.tilesBetween(y + this.options.header, y + height);
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
    const { width, rowHeight, header, below, between, gap } = this.options;
    const { keys, starts } = this.groups;
    let top = 0;
    let band: Slot[] = [];
    let bandWidth = 0;
    const close = () => {
      if (band.length) top = this.#placeBand(band, this.#heightOf(band), top) + below;
      band = [];
    };
    for (let group = 0; group < keys.length; group++) {
      const [start, stop] = [starts[group]!, starts[group + 1]!];
      const slot: Slot = { group, ratio: this.#ratioSum(start, stop), gaps: (stop - start - 1) * gap };
      if (slot.ratio * rowHeight + slot.gaps > width) {
        close();
        this.groupRow[group] = this.rows;
        this.groupTop[group] = top;
        this.groupLeft[group] = 0;
        this.groupWidth[group] = width;
        top = this.groupBottom[group] = this.#fill(start, stop, top + (keys[group] === "" ? 0 : header));
        top += below;
        continue;
      }
      const slotWidth = this.#slotWidth(slot, rowHeight);
      if (band.length && bandWidth + between + slotWidth > width) {
        // With this group or without it, whichever leaves the band's height closer to the row height.
        const shrunk = this.#heightOf([...band, slot]);
        const isWith = shrunk >= LOWEST * rowHeight && shrunk * this.#heightOf(band) > rowHeight * rowHeight;
        if (isWith) band.push(slot);
        close();
        if (isWith) continue;
      }
      bandWidth = band.length ? bandWidth + between + slotWidth : slotWidth;
      band.push(slot);
    }
    close();
    this.height = top;
  }

  /** Lays out the band's groups side by side; returns the bottom. height: that fills the width, or would. */
  #placeBand(band: Slot[], height: number, top: number): number {
    const { rowHeight, header, between, width } = this.options;
    const { keys, starts } = this.groups;
    const isFilled = height >= LOWEST * rowHeight && height <= HIGHEST * rowHeight;
    if (!isFilled) height = rowHeight;
    const rowTop = top + (keys[band[0]!.group] === "" ? 0 : header);
    const rounded = Math.max(1, Math.round(height));
    let left = 0;
    for (const slot of band) {
      const { group } = slot;
      const right = left + this.#slotWidth(slot, height);
      const [from, to] = [Math.round(left), Math.min(width, Math.round(right))];
      this.groupRow[group] = this.rows;
      this.groupTop[group] = top;
      this.groupLeft[group] = from;
      // The heading may be wider than the photos: it has the room up to the next group, or to the end.
      const isLast = slot === band.at(-1);
      this.groupWidth[group] = isLast ? width - from : Math.round(right + between / 2) - from;
      this.groupBottom[group] = rowTop + rounded;
      const natural = Math.round(slot.ratio * height + slot.gaps);
      this.#rows.add(starts[group]!, rowTop, rounded, from, Math.min(natural, to - from));
      left = right + between;
    }
    return rowTop + rounded;
  }

  /** The height at which the groups fill a band; 0 where their headers are too wide for one. */
  #heightOf(band: Slot[]): number {
    const { width, rowHeight, between } = this.options;
    const narrowest = this.#narrowest;
    // Newton's method: the width of a band is a convex function of its height, of straight pieces.
    let height = rowHeight;
    for (let step = 0; step < 8; step++) {
      let fixed = between * (band.length - 1);
      let ratio = 0;
      for (const slot of band)
        if (slot.ratio * height + slot.gaps < narrowest) fixed += narrowest;
        else {
          fixed += slot.gaps;
          ratio += slot.ratio;
        }
      if (fixed > width) return 0;
      // Where all are as narrow as their headers, the first one that grows wider is next.
      const next = ratio ? (width - fixed) / ratio : Math.min(...band.map((slot) => wider(slot, narrowest)));
      if (Math.abs(next - height) < 1e-6) break;
      height = next;
    }
    return height;
  }

  #slotWidth({ ratio, gaps }: Slot, height: number): number {
    return Math.max(ratio * height + gaps, this.#narrowest);
  }

  get #narrowest(): number {
    return Math.min(this.options.narrowest, this.options.width);
  }

  /** Of the tiles' ratios, as far as they fit in one row. */
  #ratioSum(start: number, stop: number): number {
    const { width, rowHeight, gap } = this.options;
    const ratios = this.#ratios;
    const { bytes } = this;
    const limit = (width + gap) / rowHeight;
    let sum = 0;
    for (let i = start; i < stop && sum <= limit; i++) sum += ratios[bytes[i]!]!;
    return sum;
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
      // Break before or after this tile, whichever leaves the row's height closer to the row height.
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
    if (first < stop) top = this.#placeLast(start, first, stop, top) + gap;
    return top - gap;
  }

  /** Lays out the last row of a group: as wide as the layout, or with the row before it, if the height allows it. */
  #placeLast(start: number, first: number, stop: number, top: number): number {
    const { width, rowHeight, gap } = this.options;
    const rows = this.#rows;
    const sumOf = (from: number, to: number) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += this.#ratios[this.bytes[i]!]!;
      return sum;
    };
    const sum = sumOf(first, stop);
    const gaps = (stop - first - 1) * gap;
    const grown = (width - gaps) / sum;
    if (grown <= HIGHEST * rowHeight) {
      const height = Math.max(1, Math.round(grown));
      rows.add(first, top, height, 0, width);
      return top + height;
    }
    if (first > start) {
      const before = rows.first[rows.count - 1]!;
      const merged = (width - (stop - before - 1) * gap) / (sum + sumOf(before, first));
      if (merged >= LOWEST * rowHeight) {
        const height = Math.max(1, Math.round(merged));
        rows.count--;
        const rowTop = rows.top[rows.count]!;
        rows.add(before, rowTop, height, 0, width);
        return rowTop + height;
      }
    }
    const height = Math.round(rowHeight);
    rows.add(first, top, height, 0, Math.min(width, Math.round(sum * rowHeight) + gaps));
    return top + height;
  }
}
