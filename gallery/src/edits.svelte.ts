/** Changes by the user, each of which can be undone; and what is told of them. */
import { ApiError, getJson, sendJson } from "./api";

export interface Change {
  id: number;
  what: string;
}

export interface Notice {
  key: number;
  text: string;
  isError: boolean;
  change: Change | null;
  assetIds: string[];
}

const SHOWN_MS = 8000;
// Ctrl+Z undoes what was done on this page, not what was done elsewhere or long ago.
const OWN = "indexer.changes";

class Edits {
  notices = $state.raw<Notice[]>([]);
  /** Called with the assets that an edit or an undo has touched. */
  ontouched: (assetIds: string[]) => void = () => {};
  #next = 0;

  tell(text: string, isError = false): void {
    this.#show({ text, isError, change: null, assetIds: [] });
  }

  fail(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    this.tell(error instanceof Error ? error.message : String(error), true);
  }

  done(change: Change | null, assetIds: string[]): void {
    if (change) this.#own(change.id);
    if (change)
      this.#show({ text: `${change.what[0]?.toUpperCase()}${change.what.slice(1)}`, isError: false, change, assetIds });
    this.ontouched(assetIds);
  }

  async edit(
    assetIds: string[],
    values: { rating?: number | null; is_favorite?: boolean; description?: string | null },
  ): Promise<void> {
    try {
      const { change } = await sendJson<{ change: Change | null }>("PATCH", "/api/assets", {
        ids: assetIds,
        ...values,
      });
      this.done(change, assetIds);
    } catch (error) {
      this.fail(error);
    }
  }

  async trash(assetIds: string[]): Promise<void> {
    await this.#move("/api/assets/trash", assetIds);
  }

  async restore(assetIds: string[]): Promise<void> {
    await this.#move("/api/assets/restore", assetIds);
  }

  async #move(path: string, assetIds: string[]): Promise<void> {
    try {
      await sendJson<void>("POST", path, { ids: assetIds });
      const { change } = await getJson<{ change: Change | null }>("/api/undo");
      this.done(change, assetIds);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The change of the notice, or the last one. */
  async undo(notice?: Notice): Promise<void> {
    try {
      const change = notice?.change ?? (await getJson<{ change: Change | null }>("/api/undo")).change;
      if (!change || !this.#isOwn(change.id)) {
        this.tell("Nothing that was changed here is left to undo. 'indexer undo' goes further back.");
        return;
      }
      const { undone } = await sendJson<{ undone: Change & { kept: number } }>("POST", "/api/undo", { id: change.id });
      const touched = notice ?? this.notices.find((one) => one.change?.id === change.id);
      this.notices = this.notices.filter((one) => one.change?.id !== change.id);
      const kept = undone.kept ? ". What was changed again since stays." : "";
      this.tell(`Undone${kept && " in part"}: ${undone.what}${kept}`);
      this.ontouched(touched?.assetIds ?? []);
    } catch (error) {
      this.fail(
        error instanceof ApiError && error.status === 409
          ? new Error("Something else was changed since: undo that first.")
          : error,
      );
    }
  }

  dismiss(notice: Notice): void {
    this.notices = this.notices.filter((one) => one.key !== notice.key);
  }

  #own(id: number): void {
    sessionStorage.setItem(OWN, JSON.stringify([...this.#owned(), id].slice(-1000)));
  }

  #isOwn(id: number): boolean {
    return this.#owned().includes(id);
  }

  #owned(): number[] {
    return JSON.parse(sessionStorage.getItem(OWN) ?? "[]") as number[];
  }

  #show(notice: Omit<Notice, "key">): void {
    const shown = { ...notice, key: this.#next++ };
    // Only the last change can be undone.
    const older = notice.change ? this.notices.filter((one) => !one.change) : this.notices;
    this.notices = [...older.slice(-2), shown];
    setTimeout(() => this.dismiss(shown), SHOWN_MS);
  }
}

export const edits = new Edits();
