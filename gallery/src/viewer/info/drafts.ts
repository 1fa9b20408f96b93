/** Descriptions that are being written or could not be saved: kept for the tab, by asset. */
import { read, write } from "../../storage";

export interface Draft {
  text: string;
  /** Why it could not be saved; "": it was not tried. */
  error: string;
}

const KEY = "indexer.drafts";
/** Maximum number of drafts. */
const MAX_KEPT = 20;

class Drafts {
  get(id: string): Draft | null {
    return this.#read().get(id) ?? null;
  }

  set(id: string, draft: Draft): void {
    const drafts = this.#read();
    drafts.delete(id); // the latest stands last
    drafts.set(id, draft);
    this.#write(drafts);
  }

  delete(id: string): void {
    const drafts = this.#read();
    if (drafts.delete(id)) this.#write(drafts);
  }

  #read(): Map<string, Draft> {
    return new Map(JSON.parse(read(KEY, "sessionStorage") ?? "[]") as [string, Draft][]);
  }

  #write(drafts: Map<string, Draft>): void {
    const kept = [...drafts].slice(-MAX_KEPT);
    write(KEY, kept.length ? JSON.stringify(kept) : null, "sessionStorage");
  }
}

export const drafts = new Drafts();
