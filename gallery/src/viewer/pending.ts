/** Edits that are shown at once, before the server has saved them. */
import type { Values } from "../edits.svelte";

interface Entry {
  /** The values without the edits that are under way. */
  saved: Values;
  /** Under way, the latest last. */
  edits: Values[];
}

export class PendingEdits {
  readonly #entries = new Map<string, Entry>();

  /**
   * Adds an edit; saved: the values before it, used where no other edit of the asset is under way. Returns a function
   * that ends it, and returns the values to show then: a later edit stays, and one that failed leaves no trace.
   */
  add(id: string, values: Values, saved: Values): (isSaved: boolean) => Values {
    const entry = this.#entries.get(id) ?? { saved, edits: [] };
    this.#entries.set(id, entry);
    const edit = { ...values };
    entry.edits.push(edit);
    return (isSaved) => {
      entry.edits = entry.edits.filter((other) => other !== edit);
      if (isSaved) entry.saved = { ...entry.saved, ...edit };
      if (!entry.edits.length) this.#entries.delete(id);
      return Object.assign({}, entry.saved, ...entry.edits) as Values;
    };
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** The values that are being saved. */
  of(id: string): Values {
    return Object.assign({}, ...(this.#entries.get(id)?.edits ?? [])) as Values;
  }
}
