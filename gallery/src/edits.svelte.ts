/** Edits of assets: sends them, reports them, undoes them. */
import { ApiError, getJson, messageOf, sendJson } from "./api";
import { read, write } from "./storage";
import { capitalized } from "./text";

/** What an edit sets; what is not named stays. */
export interface Values {
  /** 0: none, whatever the file says. */
  rating?: number;
  is_favorite?: boolean;
  description?: string;
  is_trashed?: boolean;
}

export interface Change {
  id: number;
  what: string;
}

interface Undone extends Change {
  /** Values that stay, because they were changed again since. */
  kept: number;
  asset_ids: string[];
}

/** One edit by the user: a change of the server for each part that was sent. */
interface Edit {
  changes: number[];
  what: string;
}

export interface Notice {
  key: number;
  text: string;
  isError: boolean;
  /** The error is that the server could not be reached. */
  isAway: boolean;
  /** What the notice's Undo takes back. */
  edit: Edit | null;
  /** It stays until what it reports is over. */
  isProgress: boolean;
  /** The number of the action that it reports. */
  action: number;
}

const SHOWN_MS = 8000;
/** Maximum number of assets in a request. */
const PART = 1000;
/** Maximum number of edits that Ctrl+Z can take back. */
const REMEMBERED = 1000;
// Ctrl+Z undoes edits of this tab only: not those of other clients, and not those of another day.
const OWN = "indexer.edits";

class Edits {
  notices = $state.raw<Notice[]>([]);
  /** Called with the assets that an edit or an undo has changed. */
  ontouched: (ids: string[]) => void = () => {};
  /** Called after `ontouched` with the assets that an undo has changed. */
  onundone: (ids: string[]) => void = () => {};
  #nextKey = 0;
  #action = 0;
  #isHeld = false;
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #queue: Promise<unknown> = Promise.resolve();

  notify(text: string, isError = false): void {
    this.#action++;
    this.#show({ text, isError });
  }

  fail(error: unknown): void {
    if (isAbort(error)) return;
    this.#action++;
    this.#show({ text: messageOf(error), isError: true, isAway: isAway(error) });
  }

  /** Reports the error of a failed edit; whether it succeeded. */
  async edit(ids: string[], values: Values): Promise<boolean> {
    try {
      await this.send(ids, values);
      return true;
    } catch (error) {
      if (!isAbort(error)) this.#show({ text: messageOf(error), isError: true, isAway: isAway(error) }); // beside what it has changed until then
      return false;
    }
  }

  /**
   * Rejects with ApiError; what was changed until then stays, and can be undone. Edits and undos are sent one after the
   * other, so that the parts of an edit are successive changes.
   */
  send(ids: string[], values: Values): Promise<void> {
    return this.#enqueue(() => this.#send(ids, values));
  }

  /** Takes back the notice's edit, or the last one. */
  undo(notice?: Notice): Promise<void> {
    if (!notice) return this.#enqueue(() => this.#undoLast());
    const { edit } = notice;
    if (!edit || !this.notices.some(({ key }) => key === notice.key)) return Promise.resolve();
    this.dismiss(notice);
    return this.#enqueue(() => this.#undo(edit));
  }

  dismiss(notice: Notice): void {
    clearTimeout(this.#timers.get(notice.key));
    this.#timers.delete(notice.key);
    this.notices = this.notices.filter(({ key }) => key !== notice.key);
  }

  /** Dismisses the errors of an absent server: it can be reached again. */
  dismissAway(): void {
    for (const notice of this.notices) if (notice.isAway) this.dismiss(notice);
  }

  /** Keeps the notices that are shown, as while they are pointed at. */
  hold(isHeld: boolean): void {
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    for (const notice of this.notices) this.#schedule(notice);
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const result = this.#queue.then(async () => {
      const action = ++this.#action;
      await task();
      // Errors and hints are of what was done before. The last edit can be undone until the next one.
      this.notices = this.notices.filter((notice) => notice.action >= action || notice.edit || notice.isProgress);
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  async #send(ids: string[], values: Values): Promise<void> {
    const changes: Change[] = [];
    let sent = 0;
    let progress: Notice | null = null;
    try {
      while (sent < ids.length) {
        if (ids.length > PART) {
          if (progress) this.dismiss(progress);
          const text = `Saving: ${sent.toLocaleString()} of ${ids.length.toLocaleString()} …`;
          progress = this.#show({ text, isProgress: true });
        }
        const part = ids.slice(sent, sent + PART);
        const { change } = await sendJson<{ change: Change | null }>("PATCH", "/api/assets", { ids: part, ...values });
        if (change) changes.push(change);
        sent += part.length;
      }
    } finally {
      if (progress) this.dismiss(progress);
      const changed = sent === ids.length ? ids : ids.slice(0, sent);
      this.#done(changes, changes.length > 1 ? summaryOf(values, changed.length) : "", changed);
    }
  }

  #done(changes: Change[], summary: string, ids: string[]): void {
    const [first] = changes;
    if (first) {
      const edit = { changes: changes.map(({ id }) => id), what: summary || first.what };
      this.#remember([...this.#own(), edit]);
      this.#show({ text: capitalized(edit.what), edit });
    }
    if (ids.length) this.ontouched(ids);
  }

  async #undoLast(): Promise<void> {
    try {
      const { change } = await getJson<{ change: Change | null }>("/api/undo");
      const edit = change && this.#own().findLast(({ changes }) => changes.includes(change.id));
      if (edit) await this.#undo({ ...edit, changes: edit.changes.filter((id) => id <= change.id) });
      else this.#show({ text: "Nothing that was changed here is left to undo. 'indexer undo' goes further back." });
    } catch (error) {
      this.fail(error);
    }
  }

  /** The last part first, as the server undoes only its last change. */
  async #undo(edit: Edit): Promise<void> {
    const remaining = [...edit.changes];
    const ids = new Set<string>();
    let what = edit.what;
    let kept = 0;
    try {
      for (let id; (id = remaining.at(-1)) !== undefined; remaining.pop()) {
        const { undone } = await sendJson<{ undone: Undone }>("POST", "/api/undo", { id });
        if (edit.changes.length === 1) what = undone.what;
        kept += undone.kept;
        for (const assetId of undone.asset_ids) ids.add(assetId);
        this.notices = this.notices.filter(({ edit }) => !edit?.changes.includes(undone.id));
      }
      const rest = kept ? ". What was changed again since stays." : "";
      this.#show({ text: `Undone${rest && " in part"}: ${what}${rest}` });
    } catch (error) {
      const isPast = error instanceof ApiError && error.status === 409;
      if (isPast) this.#show({ text: "Something else was changed since: undo that first.", isError: true });
      else this.#show({ text: messageOf(error), isError: true, edit: { ...edit, changes: remaining } });
    }
    if (remaining.length === edit.changes.length) return;
    this.ontouched([...ids]);
    this.onundone([...ids]);
  }

  #own(): Edit[] {
    return JSON.parse(read(OWN, "sessionStorage") ?? "[]") as Edit[];
  }

  #remember(own: Edit[]): void {
    write(OWN, JSON.stringify(own.slice(-REMEMBERED)), "sessionStorage");
  }

  #show(parts: Partial<Notice> & { text: string }): Notice {
    const action = this.#action;
    const notice: Notice = {
      isError: false,
      isAway: false,
      edit: null,
      isProgress: false,
      ...parts,
      action,
      key: this.#nextKey++,
    };
    // One action at a time is reported, and only its last edit can be undone.
    const older = this.notices.filter((one) => one.isProgress || (one.action === action && !(one.edit && notice.edit)));
    this.notices = [...older, notice];
    this.#schedule(notice);
    return notice;
  }

  #schedule(notice: Notice): void {
    clearTimeout(this.#timers.get(notice.key));
    if (this.#isHeld || notice.isProgress) this.#timers.delete(notice.key);
    else
      this.#timers.set(
        notice.key,
        setTimeout(() => this.dismiss(notice), SHOWN_MS),
      );
  }
}

/** What an edit of many parts did, in the words of the server's changes. */
function summaryOf({ rating, is_favorite, is_trashed }: Values, count: number): string {
  const photos = `${count.toLocaleString()} photos`;
  if (is_trashed !== undefined) return is_trashed ? `moved ${photos} to the trash` : `restored ${photos}`;
  if (rating !== undefined) return `rated ${photos} ${rating} ${rating === 1 ? "star" : "stars"}`;
  if (is_favorite !== undefined)
    return is_favorite ? `added ${photos} to favorites` : `removed ${photos} from favorites`;
  return `changed ${photos}`;
}

/** The server could not be reached. */
function isAway(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0;
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

export const edits = new Edits();
