/** The photo in view and its details: follows the view, retries what failed, sends edits. */
import { messageOf } from "../api";
import type { Library } from "../core/library";
import { Kind, type Tile } from "../core/tile";
import { edits, type Values } from "../edits.svelte";
import { DetailsCache, edited, isSame, patchOf, savedValues, tileOf, valuesOf, type Details } from "./details";
import type { Level } from "./neighbors";
import { PendingEdits } from "./pending";
import { Retries } from "./retries";
import type { Stage, StageEvents } from "./stage";
import { failureText } from "./text";
import { Departures, membersOf, successor } from "./trash";

export interface ShownEvents {
  /** The photo to show is another one, or has another ordinal. */
  onmove(ordinal: number): void;
  /** Another photo is in view. */
  onshow(tile: Tile): void;
  /** No photo is left in the view. */
  onempty(): void;
}

/** Maximum milliseconds that the first photo waits for its size. */
const SIZE_MS = 100;

export class Shown {
  readonly cache = new DetailsCache();
  /** Null until the viewer opens. */
  stage = $state.raw<Stage | null>(null);
  /** The photo in view. */
  tile = $state.raw<Tile | null>(null);
  /** Of the photo in view, with edits that are not saved yet; null until they are loaded. */
  details = $state.raw<Details | null>(null);
  isFavorite = $state(false);
  /** Of the photo that is shown, or will be once its tile is loaded. */
  ordinal = $state(0);
  detailsError = $state<string | null>(null);
  /** The zoom in percent of the actual size; null where all of the photo is in view. */
  percent = $state<number | null>(null);
  /** Sharp enough for a slideshow to go on. */
  isReady = $state(false);
  /** A member of the stack was chosen: commands apply to it alone. */
  isMember = $state(false);
  #photoError = $state<string | null>(null);
  #failed = $state.raw<ReadonlySet<Level>>(new Set());
  #level = $state<Level | null>(null);

  #isClosed = false;
  /** Number of the latest navigation or change of the view: answers that an older one waits for are dropped. */
  #generation = 0;
  /** Target of a navigation whose tile is not loaded yet, in steps from the photo in view. */
  #goal: { steps: number; isLast: boolean } | null = null;
  /** The chosen member of the stack, while its details are loaded. */
  #chosen: string | null = null;
  /** Resolves when the chosen member is shown, or cannot be. */
  #choosing: Promise<unknown> = Promise.resolve();
  readonly #retries = new Retries(() => void this.retry());
  readonly #pending = new PendingEdits();
  /** Assets that were moved out of the view; the library does not know it yet. */
  readonly #gone = new Set<string>();
  readonly #departures = new Departures();
  readonly #unsubscribe: (() => void)[];

  constructor(
    readonly library: Library,
    ordinal: number,
    private readonly events: ShownEvents,
  ) {
    this.ordinal = ordinal;
    this.#unsubscribe = [
      library.onchange(() => void this.#follow()),
      library.onload((start, stop) => this.#compare(start, stop)),
    ];
  }

  readonly stageEvents: StageEvents = {
    onshow: (tile) => this.#onshow(tile),
    onchange: () => this.#onstage(),
    onfail: (level) => this.#onfail(level),
    ondetails: (id, error) => this.#ondetails(id, error),
  };

  get isVideo(): boolean {
    return this.tile !== null && (this.tile.kind & Kind.video) !== 0;
  }

  /** No picture of the photo can be shown. */
  get #isUnseen(): boolean {
    return this.#level === null && this.#failed.has("thumbnail") && this.#failed.has("preview");
  }

  /** Why there is nothing to see. A video may play though it has no still; where it does not, it says so itself. */
  get failure(): string | null {
    return this.#photoError ?? (this.#isUnseen && !this.isVideo ? failureText(this.details?.problems ?? []) : null);
  }

  /** Whether the viewer still shows this photo. */
  isInView(id: string): boolean {
    return !this.#isClosed && this.tile?.id === id;
  }

  /** On the way to a photo whose tile is not loaded yet. */
  get isMoving(): boolean {
    return this.#goal !== null;
  }

  /** Shows the first photo. Never rejects. */
  async open(stage: Stage): Promise<void> {
    this.stage = stage;
    try {
      const { id } = await this.library.get(this.ordinal);
      const size = this.cache.get(id).catch(() => {});
      await Promise.race([size, new Promise((resolve) => setTimeout(resolve, SIZE_MS))]);
    } catch {
      // #show() reports it
    }
    if (!this.tile) await this.#show(this.ordinal);
  }

  /** Keeps the photo in view, and follows the view no longer. */
  stop(): void {
    this.#isClosed = true;
    this.#generation++;
    this.#retries.stop();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  close(): void {
    this.stop();
    this.stage?.close();
  }

  // Navigation

  /** The user goes to another photo. */
  async go(ordinal: number): Promise<void> {
    this.#departures.forget();
    await this.#go(ordinal);
  }

  /** As `go`, where the page's address has changed already. */
  async show(ordinal: number): Promise<void> {
    this.#departures.forget();
    await this.#show(ordinal);
  }

  async #go(ordinal: number): Promise<void> {
    const target = Math.min(Math.max(ordinal, 0), this.library.total - 1);
    if (target === this.ordinal && this.#photoError === null) return;
    this.events.onmove(target);
    await this.#show(target);
  }

  async #show(ordinal: number): Promise<void> {
    if (this.#isClosed || !this.stage) return;
    const generation = ++this.#generation;
    this.#chosen = null;
    const steps = ordinal - (this.tile?.ordinal ?? ordinal);
    this.#goal = { steps, isLast: ordinal === this.library.total - 1 };
    this.ordinal = ordinal;
    this.#photoError = null;
    try {
      await this.stage.show(ordinal);
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#goal = null;
      this.#photoError = messageOf(error);
      this.#retryLater();
    }
  }

  /** The user chooses a member of the stack in view. Rejects with ApiError. */
  async showMember(id: string): Promise<void> {
    if (this.isMoving) return;
    this.#departures.forget();
    if (id !== this.tile?.id) {
      const choosing = this.#showMember(id);
      this.#choosing = choosing.catch(() => {}); // reported to the caller
      return choosing;
    }
    if (this.#chosen !== null) this.#generation++; // what was chosen before is not shown any more
    this.#chosen = null;
    this.isMember = true;
  }

  /** The member of the stack that is in view, or about to be. */
  get member(): string | null {
    return this.#chosen ?? this.tile?.id ?? null;
  }

  async #showMember(id: string): Promise<void> {
    const generation = ++this.#generation;
    this.#goal = null;
    this.#chosen = id;
    try {
      const details = await this.cache.get(id);
      if (generation === this.#generation) await this.stage?.showInstead(tileOf(details, this.ordinal));
    } finally {
      if (generation === this.#generation) this.#chosen = null;
    }
  }

  /** The member to show after this one, which leaves the stack in view; null where none is left. */
  #memberAfter(id: string): string | null {
    const stack = this.details?.stack ?? [];
    const next = successor(stack.indexOf(id), stack.length, (index) => this.#gone.has(stack[index]!));
    return next === null ? null : stack[next]!;
  }

  /** The view has changed: the photo in view, or the target of a navigation, may have another ordinal or be gone. */
  async #follow(): Promise<void> {
    const { tile, library } = this;
    // In place of a chosen member that is gone the next one is shown, not the tile, which stands for the whole stack.
    const member = this.#chosen ?? (tile && this.isMember ? this.#memberAfter(tile.id) : null);
    const wasChosen = this.#chosen !== null;
    this.#gone.clear();
    if (this.#isClosed || !this.stage) return;
    if (library.total === 0) return this.events.onempty();
    const last = library.total - 1;
    const goal = this.#goal;
    this.#chosen = null;
    if (!tile) return this.#show(Math.min(this.ordinal, last));
    const generation = ++this.#generation;
    try {
      const ordinal = await library.ordinalOf(tile.id);
      if (generation !== this.#generation) return;
      if (member && !goal && (wasChosen || ordinal === null)) {
        const place = await library.ordinalOf(member);
        if (generation !== this.#generation) return;
        if (place !== null) {
          if (place !== this.ordinal) this.events.onmove((this.ordinal = place));
          this.cache.forgetOthers(tile.id);
          return await this.#showMember(member);
        }
      }
      if (goal || ordinal === null) {
        // The photo that is next to one that is gone takes its ordinal.
        const steps = goal && ordinal === null && goal.steps > 0 ? goal.steps - 1 : (goal?.steps ?? 0);
        const target = goal?.isLast ? last : Math.min(Math.max((ordinal ?? tile.ordinal) + steps, 0), last);
        this.events.onmove(target);
        return await this.#show(target);
      }
      const fresh = await library.get(ordinal);
      if (generation !== this.#generation) return;
      if (ordinal !== this.ordinal) this.events.onmove((this.ordinal = ordinal));
      this.#replace(fresh.id === tile.id ? fresh : { ...tile, ordinal }); // else it is another member of that stack
      this.cache.forgetOthers(tile.id);
      await this.#loadDetails(tile.id);
    } catch (error) {
      if (generation !== this.#generation) return;
      if (goal) await this.#show(Math.min(this.ordinal, last));
      else this.#ondetails(tile.id, error);
    }
  }

  // Details

  /** Assets were changed elsewhere; without ids, any may have been. */
  async refresh(ids?: string[]): Promise<void> {
    const { tile } = this;
    if (!tile || this.#isClosed) return;
    if (!ids) this.cache.forgetOthers(tile.id);
    else for (const id of ids) if (id !== tile.id) this.cache.forget(id);
    if (!ids || ids.includes(tile.id)) await this.#loadDetails(tile.id);
  }

  /** Tries what failed once more; the server may be back. */
  async retry(): Promise<void> {
    this.#retries.stop();
    if (this.#isClosed) return;
    if (this.#photoError !== null) return this.#show(this.ordinal);
    if (!this.tile) return;
    if (this.#failed.size) this.stage?.retry();
    if (this.detailsError !== null || this.#isUnseen) await this.#loadDetails(this.tile.id);
    this.#retryLater();
  }

  async #loadDetails(id: string): Promise<void> {
    const version = this.cache.peek(id)?.version;
    try {
      const details = await this.cache.refresh(id);
      if (this.tile?.id === id && details.version !== version) {
        // Of a member of a stack no tile tells that it was edited.
        if (details.version !== this.tile.version) this.#replace({ ...this.tile, version: details.version });
        this.stage?.measure();
      }
      this.#ondetails(id, null);
    } catch (error) {
      this.#ondetails(id, error);
    }
  }

  /** Tiles were loaded, or changed, as by Undo. */
  #compare(start: number, stop: number): void {
    const { tile, ordinal } = this;
    for (let at = start; at < stop; at++) {
      const other = this.library.tile(at);
      const details = other && this.cache.peek(other.id);
      if (details && other.id !== tile?.id && !isSame(other, details)) this.cache.forget(other.id);
    }
    if (!tile || this.#isClosed || this.isMoving || ordinal < start || ordinal >= stop) return;
    const fresh = this.library.tile(ordinal);
    if (fresh?.id !== tile.id) return;
    if (fresh !== tile) this.#replace(fresh);
    const saved = this.cache.peek(tile.id);
    if (saved && !this.#pending.has(tile.id) && !isSame(fresh, saved)) void this.#loadDetails(tile.id);
  }

  #replace(tile: Tile): void {
    this.tile = tile;
    this.stage?.rename(tile.ordinal, tile);
    this.#update();
  }

  #onshow(tile: Tile): void {
    this.#goal = null;
    this.tile = tile;
    this.isReady = false;
    this.isMember = tile.id === this.#chosen;
    this.#failed = new Set();
    this.#photoError = this.detailsError = null;
    this.#retries.reset();
    this.#update();
    this.#onstage();
    this.events.onshow(tile);
  }

  #onstage(): void {
    const slide = this.stage?.slide;
    if (!slide || slide.tile.id !== this.tile?.id) return;
    this.#level = slide.level;
    if (slide.level && this.#failed.has(slide.level))
      this.#failed = new Set([...this.#failed].filter((level) => level !== slide.level));
    if (slide.level === "preview" || slide.level === "full") this.isReady = true;
    const isWhole = !slide.isZoomed && !slide.isReduced;
    this.percent = isWhole ? null : Math.round(slide.transform.scale * devicePixelRatio * 100);
  }

  #onfail(level: Level): void {
    this.#failed = new Set([...this.#failed, level]);
    if (level === "preview") this.isReady = true; // it gets no sharper soon
    this.#retryLater();
  }

  #ondetails(id: string, error: unknown): void {
    if (this.#isClosed || this.tile?.id !== id) return;
    this.detailsError = error === null ? null : messageOf(error);
    this.#update();
    if (error !== null) this.#retryLater();
  }

  #update(): void {
    if (!this.tile) return;
    const saved = this.cache.peek(this.tile.id);
    const values = this.#pending.of(this.tile.id);
    this.details = saved ? edited(saved, values) : null;
    this.isFavorite = this.details?.is_favorite ?? values.is_favorite ?? this.tile.favorite;
  }

  #retryLater(): void {
    const isFailing = this.#photoError !== null || this.detailsError !== null || this.#failed.size > 0;
    if (this.#isClosed || !isFailing) return;
    const isDamaged = this.#isUnseen && this.detailsError === null && this.details?.problems.length;
    if (!isDamaged) this.#retries.later();
  }

  // Edits

  /** Shows the values at once; rejects with ApiError where they could not be saved, and takes them back. */
  async edit(id: string, values: Values): Promise<void> {
    const saved = this.cache.peek(id);
    const tile = this.tile?.id === id ? this.tile : null;
    const end = this.#pending.add(id, values, saved ? savedValues(saved) : tile ? valuesOf(tile) : {});
    this.library.patch(id, patchOf(values));
    this.#update();
    let isSaved = false;
    try {
      await edits.send([id], values);
      isSaved = true;
      this.cache.amend(id, values);
    } finally {
      this.library.patch(id, patchOf(end(isSaved)));
      this.#update();
    }
  }

  /** Into the trash, or out of it: the chosen member of a stack alone, else all that the tile stands for. */
  async moveOut(is_trashed: boolean): Promise<void> {
    const chosen = this.#chosen;
    if (chosen !== null) {
      await this.#choosing; // else all of the stack would go
      if (this.tile?.id !== chosen) return;
    }
    const { tile, isMember, details } = this;
    const { visit } = this.#departures;
    if (!tile || this.#isClosed || this.#gone.has(tile.id)) return;
    this.#gone.add(tile.id);
    try {
      const ids = isMember ? [tile.id] : await membersOf(this.library, tile);
      await edits.send(ids, { is_trashed });
      for (const id of ids) this.#gone.add(id);
      this.#departures.add({ id: tile.id, isMember, ids }, visit);
      for (const id of details?.stack ?? []) this.cache.forget(id); // their stack is another now
    } catch (error) {
      this.#gone.delete(tile.id);
      throw error;
    }
    if (this.#isClosed || this.tile?.id !== tile.id || this.isMoving) return;
    const member = isMember ? this.#memberAfter(tile.id) : null;
    if (member !== null) return this.#showMember(member).catch((error) => this.#ondetails(tile.id, error));
    const next = successor(this.ordinal, this.library.total, (ordinal) =>
      this.#gone.has(this.library.tile(ordinal)?.id ?? ""),
    );
    if (next === null) this.events.onempty();
    else await this.#go(next);
  }

  /** A change of these assets was undone: shows the photo that was moved out of the view, unless the user has gone
   * elsewhere since. */
  async comeBack(ids: string[]): Promise<void> {
    for (const id of ids) this.#gone.delete(id);
    const departure = this.#departures.take(ids);
    const { visit } = this.#departures;
    if (!departure) return;
    try {
      let ordinal: number | null = null;
      // A refresh that was under way may have begun before the change.
      for (let attempt = 0; attempt < 2 && ordinal === null; attempt++) {
        await this.library.refresh();
        ordinal = await this.library.ordinalOf(departure.id);
      }
      if (ordinal === null || this.#isClosed || visit !== this.#departures.visit) return;
      this.cache.forgetOthers(this.tile?.id ?? departure.id);
      this.events.onmove((this.ordinal = ordinal));
      await (departure.isMember ? this.#showMember(departure.id) : this.#show(ordinal));
    } catch {
      // It is in the view again; the library reports what is wrong.
    }
  }
}
