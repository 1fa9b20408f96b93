/** The moment of a live or motion photo, played once over it. */
import { fileUrl } from "../api";
import type { Slide } from "./slide";

export class Motion {
  #playing: AbortController | null = null;

  /** Does nothing while it plays. Rejects where the browser cannot play it. */
  async play(slide: Slide, isMuted: boolean): Promise<void> {
    if (this.#playing) return;
    const playing = (this.#playing = new AbortController());
    const { id, version } = slide.tile;
    try {
      await slide.play(fileUrl(id, "motion", version), isMuted, playing.signal);
    } catch (error) {
      if (!playing.signal.aborted) throw error;
    } finally {
      if (this.#playing === playing) this.#playing = null;
    }
  }

  stop(): void {
    this.#playing?.abort();
    this.#playing = null;
  }
}
