/** Aspect ratios as bytes, sums of days, and searches in sorted arrays. */

/** The byte of an unknown ratio, which is shown as a square. */
const UNKNOWN = 128;

/** Width / height of each byte: 2^((byte - 128) / 32), so 1/16 to 15.7 in steps of 2.2 %. */
const RATIOS = Float64Array.from({ length: 256 }, (_, byte) => 2 ** ((byte - UNKNOWN) / 32));

export function ratioOf(byte: number): number {
  return RATIOS[byte & 255]!;
}

/** All ratios, no wider or narrower than the limits: what lies beyond is cropped when it is shown. */
export function clampedRatios(narrowest: number, widest: number): Float64Array {
  return RATIOS.map((ratio) => Math.min(widest, Math.max(narrowest, ratio)));
}

/** Where each of `counts` begins, and, last, where all end. */
export function prefixSums(counts: ArrayLike<number>): Uint32Array {
  const sums = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) sums[i + 1] = sums[i]! + counts[i]!;
  return sums;
}

/** The last index below `length` whose value is at most `value`; -1 where there is none. The array is sorted. */
export function lastAtMost(sorted: ArrayLike<number>, value: number, length = sorted.length): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What is laid out under one header. */
export type Grouping = "day" | "month" | "year";

/** The key of the group of photos whose date is only that of their file. */
export const UNDATED = "undated";

export interface Groups {
  /** "2024-04-12", "2024-04", "2024", UNDATED, or "" for a single group without a header. */
  keys: string[];
  /** The first ordinal of each group, and, last, the total. */
  starts: Uint32Array;
}

/** The days, months or years of a view, the undated last; one group without a header where it is not by dates. */
export function groupsOf(days: string[], dayStarts: Uint32Array, total: number, by: Grouping): Groups {
  const keys: string[] = [];
  const starts: number[] = [];
  const length = { day: 10, month: 7, year: 4 }[by];
  for (let i = 0; i < days.length; i++) {
    if (dayStarts[i] === dayStarts[i + 1]) continue;
    const key = days[i]!.slice(0, length);
    if (keys[keys.length - 1] === key) continue;
    keys.push(key);
    starts.push(dayStarts[i]!);
  }
  const dated = dayStarts[days.length] ?? 0;
  if (dated < total) {
    keys.push(days.length ? UNDATED : "");
    starts.push(dated);
  }
  starts.push(total);
  return { keys, starts: Uint32Array.from(starts) };
}
