/** Whether the user has done nothing for a while: then the buttons fade. */
export class Idle {
  is = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ms: number,
    /** Whether something is pointed at or focused that has to stay. */
    private readonly isBusy: () => boolean,
  ) {}

  wake(): void {
    this.is = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.isBusy()) this.is = true;
    }, this.ms);
  }

  toggle(): void {
    clearTimeout(this.#timer);
    this.is = !this.is;
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
