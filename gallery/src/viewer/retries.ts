/** Milliseconds before the first retries; the last counts for all later ones. */
const DELAYS_MS = [2e3, 4e3, 8e3, 16e3, 30e3];

/** When to try again what failed. */
export class Retries {
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly retry: () => void) {}

  /** Tries again after a delay that grows with each attempt; does nothing where that is due already. */
  later(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#attempts++;
        this.retry();
      },
      DELAYS_MS[Math.min(this.#attempts, DELAYS_MS.length - 1)],
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** What comes next has not failed yet. */
  reset(): void {
    this.stop();
    this.#attempts = 0;
  }
}
