/** Goes to the next photo every few seconds, and after a video at its end. */

/** Milliseconds that a photo is shown. */
const SHOWN_MS = 5000;

export class Slideshow {
  isRunning = $state(false);

  /**
   * For the initialization of a component. due: the id of the photo in view, once it is to be followed by the next in
   * SHOWN_MS; advance: goes there, and returns false at the end.
   */
  constructor(
    due: () => string | null,
    private readonly advance: () => boolean,
  ) {
    // The id alone counts: a photo that is updated in view does not begin its time again.
    const current = $derived(due());
    $effect(() => {
      if (!this.isRunning || current === null) return;
      const timer = setTimeout(() => this.next(), SHOWN_MS);
      return () => clearTimeout(timer);
    });
  }

  toggle(): void {
    this.isRunning = !this.isRunning;
  }

  stop(): void {
    this.isRunning = false;
  }

  /** What was shown is over. */
  next(): void {
    if (this.isRunning && !this.advance()) this.isRunning = false;
  }
}
