/** Which pictures are loaded ahead, in which order, and the loader of them. */

export type Level = "thumbnail" | "preview" | "full";

/** From the least sharp. */
export const LEVELS: readonly Level[] = ["thumbnail", "preview", "full"];

export interface Step {
  ordinal: number;
  level: Level;
}

/** What to have ready, the most urgent first. direction: of travel, 1 towards later ordinals. isMoving: photos are
 * passed faster than they are looked at. fullAhead: the next one will be looked at closely too. */
export function plan(
  current: number,
  total: number,
  direction: 1 | -1,
  { isMoving = false, fullAhead = false } = {},
): Step[] {
  const steps: Step[] = [{ ordinal: current, level: "thumbnail" }];
  const add = (distance: number, level: Level) => {
    const ordinal = current + distance * direction;
    if (ordinal >= 0 && ordinal < total) steps.push({ ordinal, level });
  };
  add(0, "preview");
  if (isMoving) {
    for (const distance of [1, 2, 3, 4]) add(distance, "thumbnail");
    add(1, "preview");
    return steps;
  }
  add(0, "full");
  add(1, "thumbnail");
  add(-1, "thumbnail");
  add(1, "preview");
  add(2, "preview");
  add(-1, "preview");
  if (fullAhead) add(1, "full");
  return steps;
}

export interface Job {
  key: string;
  url: string;
  /** Its cost in memory. */
  pixels: number;
}

interface Entry<T> {
  job: Job;
  value?: T;
  error?: unknown;
  abort?: AbortController;
  waiting: ((entry: Entry<T>) => void)[];
}

/** Milliseconds after which a load has failed. The server makes some pictures when they are requested. */
const TIMEOUT_MS = 60_000;

/** Priority loader: aborts unwanted jobs, evicts the least recently wanted. */
export class Loader<T> {
  #entries = new Map<string, Entry<T>>();
  /** Keys, the most urgent first. */
  #queue: string[] = [];
  readonly #running = new Set<Entry<T>>();

  constructor(
    private readonly load: (url: string, signal: AbortSignal) => Promise<T>,
    private readonly concurrency = 3,
    private readonly maxPixels = 100e6,
    private readonly release: (value: T) => void = () => {},
  ) {}

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  error(key: string): unknown {
    return this.#entries.get(key)?.error;
  }

  /** Replaces the jobs that were wanted before. */
  want(jobs: Job[]): void {
    this.#queue = jobs.map((job) => job.key);
    const keys = new Set(this.#queue);
    for (const job of jobs) {
      const entry = this.#entries.get(job.key);
      if (entry) {
        this.#entries.delete(job.key); // the latest wanted stands last
        this.#entries.set(job.key, entry);
      } else this.#entries.set(job.key, { job, waiting: [] });
    }
    for (const [key, entry] of this.#entries) {
      if (keys.has(key) || entry.value !== undefined) continue;
      entry.abort?.abort();
      this.#running.delete(entry);
      this.#entries.delete(key);
      for (const resolve of entry.waiting) resolve(entry);
    }
    this.#start();
    this.#evict(keys);
  }

  /** Resolves when it is loaded, to undefined where it failed or was given up. It has to be wanted. */
  wait(key: string): Promise<T | undefined> {
    const entry = this.#entries.get(key);
    if (!entry || entry.value !== undefined || "error" in entry) return Promise.resolve(entry?.value);
    return new Promise((resolve) => entry.waiting.push(({ value }) => resolve(value)));
  }

  /** Failed jobs are loaded again when they are wanted next. */
  forgetErrors(): void {
    for (const [key, entry] of this.#entries) if ("error" in entry) this.#entries.delete(key);
  }

  close(): void {
    this.want([]);
    for (const entry of this.#entries.values()) if (entry.value !== undefined) this.release(entry.value);
    this.#entries.clear();
  }

  #start(): void {
    for (const key of this.#queue) {
      if (this.#running.size >= this.concurrency) return;
      const entry = this.#entries.get(key);
      if (entry && !entry.abort && entry.value === undefined && !("error" in entry)) void this.#run(entry);
    }
  }

  /** Frees its slot when it ends, is aborted or times out, whatever becomes of the load: decode() of an image whose
   * source was removed may never settle. */
  async #run(entry: Entry<T>): Promise<void> {
    const abort = (entry.abort = new AbortController());
    this.#running.add(entry);
    const timer = setTimeout(() => {
      abort.abort();
      this.#end(entry, { error: new Error("It took too long to load.") });
    }, TIMEOUT_MS);
    abort.signal.addEventListener("abort", () => clearTimeout(timer));
    try {
      const value = await this.load(entry.job.url, abort.signal);
      if (abort.signal.aborted) this.release(value);
      else this.#end(entry, { value });
    } catch (error) {
      if (!abort.signal.aborted) this.#end(entry, { error });
    }
    clearTimeout(timer);
  }

  #end(entry: Entry<T>, result: { value: T } | { error: unknown }): void {
    Object.assign(entry, result);
    this.#running.delete(entry);
    for (const resolve of entry.waiting.splice(0)) resolve(entry);
    this.#start();
    this.#evict(new Set(this.#queue));
  }

  #evict(except: Set<string>): void {
    let pixels = 0;
    for (const entry of this.#entries.values()) if (entry.value !== undefined) pixels += entry.job.pixels;
    for (const [key, entry] of this.#entries) {
      if (pixels <= this.maxPixels) return;
      if (except.has(key) || entry.value === undefined) continue;
      pixels -= entry.job.pixels;
      this.#entries.delete(key);
      this.release(entry.value);
    }
  }
}
