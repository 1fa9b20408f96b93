/** Which tiles are selected: ranges of ordinals, so that a million are as cheap as one. */

/** From start to before stop. */
export interface Range {
  start: number;
  stop: number;
}

/** What a selection needs of its library to survive a change of the view. */
export interface IdSource {
  tile(ordinal: number): { id: string } | undefined;
  ids(start: number, stop: number): Promise<string[]>;
  ordinalOf(id: string): Promise<number | null>;
}

/** Maximum size of a range whose ids are all remembered, so that a change of the view selects nothing unseen. */
const REMEMBERED = 20_000;

/** Ids that are looked up from each end of a range before it is given up. */
const TRIES = 8;

export class Selection {
  /** Where Shift extends from. */
  anchor: number | null = null;
  #ranges: Range[] = [];
  /** What was selected before the present extension, which may still shrink. */
  #base: Range[] = [];
  #preview: Range | null = null;
  readonly #listeners = new Set<() => void>();
  /** By the bounds of ranges: all their ids, or, of large ones, those of the first and the last few. */
  readonly #ids = new Map<string, Promise<string[]>>();
  #anchorId: string | undefined;

  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  get count(): number {
    return sizeOf(this.#ranges);
  }

  /** What Shift and a click would select now, where the pointer is. */
  get preview(): Range | null {
    return this.#preview;
  }

  /** How many would be selected then. */
  get previewCount(): number {
    return this.#preview === null ? this.count : sizeOf(union(this.#base, this.#preview));
  }

  has(ordinal: number): boolean {
    return holds(this.#ranges, ordinal);
  }

  isPreviewed(ordinal: number): boolean {
    return this.#preview !== null && this.#preview.start <= ordinal && ordinal < this.#preview.stop;
  }

  /** Whether all of them are selected. */
  hasAll(start: number, stop: number): boolean {
    return this.#ranges.some((range) => range.start <= start && stop <= range.stop);
  }

  toggle(ordinal: number): void {
    const range = span(ordinal, ordinal);
    this.#start(ordinal, this.has(ordinal) ? without(this.#ranges, range) : union(this.#ranges, range));
  }

  /** Selects from the anchor to this tile, in place of the extension before; without an anchor only this. */
  extend(ordinal: number): void {
    if (this.anchor === null) return this.toggle(ordinal);
    this.#set(union(this.#base, span(this.anchor, ordinal)));
  }

  /** Shows what `extend` would select. */
  previewTo(ordinal: number | null): void {
    const next = ordinal === null || this.anchor === null ? null : span(this.anchor, ordinal);
    if (next?.start === this.#preview?.start && next?.stop === this.#preview?.stop) return;
    this.#preview = next;
    this.#notify();
  }

  /** Selects them all, or none where all are selected. */
  toggleRange(start: number, stop: number): void {
    if (start >= stop) return;
    const range = { start, stop };
    this.#start(start, this.hasAll(start, stop) ? without(this.#ranges, range) : union(this.#ranges, range));
  }

  clear(): void {
    this.#start(null, []);
  }

  onchange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Fetches the ids of what is selected, so that `remap` finds the same assets again. */
  remember(source: IdSource): void {
    const keys = new Set(this.#ranges.map(keyOf));
    for (const key of this.#ids.keys()) if (!keys.has(key)) this.#ids.delete(key);
    for (const range of this.#ranges) {
      const key = keyOf(range);
      if (this.#ids.has(key)) continue;
      const ids = isLarge(range) ? endsOf(source, range) : idsOf(source, range);
      this.#ids.set(key, ids);
      ids.catch(() => this.#ids.delete(key));
    }
    this.#anchorId = this.anchor === null ? undefined : source.tile(this.anchor)?.id;
  }

  /**
   * Finds what is selected in the view as the server has it now; returns what puts that in place. What is gone is no
   * longer selected. Of ranges too large to be remembered the ends are kept, so that what came between is selected too.
   */
  async remap(source: IdSource): Promise<() => void> {
    for (;;) {
      const ranges = this.#ranges;
      const anchorId = this.#anchorId;
      const [anchor, ...parts] = await Promise.all([
        anchorId === undefined ? null : source.ordinalOf(anchorId),
        ...ranges.map((range) => this.#find(range, source)),
      ]);
      if (this.#ranges !== ranges) continue; // the user went on selecting
      const mapped = parts.flat().reduce<Range[]>(union, []);
      return () => {
        if (this.#ranges !== ranges) return this.clear(); // by ordinals of the old view
        this.#ids.clear();
        this.#start(anchor, mapped);
      };
    }
  }

  async #find(range: Range, source: IdSource): Promise<Range[]> {
    const ids = await this.#ids.get(keyOf(range))?.catch(() => undefined); // the view had changed before they came
    if (!ids?.length) return [];
    const [first, last] = await Promise.all([firstOf(ids, source), firstOf(ids.toReversed(), source)]);
    if (first === null || last === null) return [];
    const now = span(first, last);
    return isLarge(range) || isLarge(now)
      ? [now]
      : runsOf(new Set(ids), await source.ids(now.start, now.stop).catch(() => []), now.start); // changed once more
  }

  #start(anchor: number | null, ranges: Range[]): void {
    this.anchor = anchor;
    this.#base = ranges;
    this.#set(ranges);
  }

  #set(ranges: Range[]): void {
    this.#ranges = ranges;
    this.#preview = null;
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The ordinal of the first of the ids that the view still holds; null where the first few are gone. */
async function firstOf(ids: string[], source: IdSource): Promise<number | null> {
  for (const id of ids.slice(0, TRIES)) {
    const ordinal = await source.ordinalOf(id);
    if (ordinal !== null) return ordinal;
  }
  return null;
}

/** The runs of selected ids in `ids`, of which the first has the ordinal `start`. */
function runsOf(selected: Set<string>, ids: string[], start: number): Range[] {
  const runs: Range[] = [];
  ids.forEach((id, i) => {
    if (!selected.has(id)) return;
    const before = runs.at(-1);
    if (before?.stop === start + i) before.stop++;
    else runs.push({ start: start + i, stop: start + i + 1 });
  });
  return runs;
}

function isLarge({ start, stop }: Range): boolean {
  return stop - start > REMEMBERED;
}

async function endsOf(source: IdSource, { start, stop }: Range): Promise<string[]> {
  return (await Promise.all([source.ids(start, start + TRIES), source.ids(stop - TRIES, stop)])).flat();
}

async function idsOf(source: IdSource, { start, stop }: Range): Promise<string[]> {
  const loaded: string[] = [];
  for (let ordinal = start; ordinal < stop; ordinal++) {
    const tile = source.tile(ordinal);
    if (!tile) return source.ids(start, stop);
    loaded.push(tile.id);
  }
  return loaded;
}

function keyOf({ start, stop }: Range): string {
  return `${start}-${stop}`;
}

function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, stop }) => sum + stop - start, 0);
}

function span(a: number, b: number): Range {
  return { start: Math.min(a, b), stop: Math.max(a, b) + 1 };
}

function holds(ranges: readonly Range[], ordinal: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.stop <= ordinal) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length && ranges[low]!.start <= ordinal;
}

function union(ranges: readonly Range[], added: Range): Range[] {
  const before = ranges.filter((range) => range.stop < added.start);
  const after = ranges.filter((range) => range.start > added.stop);
  const touched = ranges.filter((range) => range.stop >= added.start && range.start <= added.stop);
  const start = Math.min(added.start, ...touched.map((range) => range.start));
  const stop = Math.max(added.stop, ...touched.map((range) => range.stop));
  return [...before, { start, stop }, ...after];
}

function without(ranges: readonly Range[], taken: Range): Range[] {
  return ranges.flatMap(({ start, stop }) =>
    [
      { start, stop: Math.min(stop, taken.start) },
      { start: Math.max(start, taken.stop), stop },
    ].filter((part) => part.start < part.stop),
  );
}
