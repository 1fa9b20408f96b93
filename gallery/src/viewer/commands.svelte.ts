/** What the user does to the photo in view, and why something could not be done. */
import { messageOf } from "../api";
import { Kind } from "../core/tile";
import { edits, type Values } from "../edits.svelte";
import { session } from "../session.svelte";
import { membersIn } from "./details";
import { Motion } from "./motion";
import type { Shown } from "./shown.svelte";

export class Commands {
  /** Of the photo in view. */
  problem = $state("");
  readonly #motion = new Motion();
  /** What was asked for before the first photo was in view. */
  #waiting: (() => void)[] = [];

  constructor(
    private readonly shown: Shown,
    private readonly readOnly: () => boolean,
  ) {}

  get mayEdit(): boolean {
    return !this.readOnly();
  }

  get mayDelete(): boolean {
    return this.mayEdit && session.may("delete");
  }

  get isTrash(): boolean {
    return this.shown.library.view.state === "trashed";
  }

  /** What Delete does. */
  get trashLabel(): string {
    if (this.isTrash) return "Restore";
    const { details, isMember } = this.shown;
    const count = details ? membersIn(details).length : 0;
    if (!count) return "Move to the trash";
    return isMember ? "Move this photo of the stack to the trash" : `Move all ${count} of the stack to the trash`;
  }

  /** Another photo is in view. */
  reset(): void {
    this.#motion.stop();
    this.problem = "";
    if (this.shown.tile) for (const act of this.#waiting.splice(0)) act();
  }

  edit(values: Values): void {
    const { tile } = this.shown;
    if (!this.mayEdit) return;
    if (!tile) return void this.#waiting.push(() => this.edit(values));
    this.problem = "";
    this.#try(tile.id, this.shown.edit(tile.id, values), "Not saved: ");
  }

  toggleFavorite(): void {
    if (!this.shown.tile) return void this.#waiting.push(() => this.toggleFavorite());
    this.edit({ is_favorite: !this.shown.isFavorite });
  }

  /** Rejects with ApiError. The field shows the error, unless it is gone. */
  async describe(id: string, description: string): Promise<void> {
    try {
      await this.shown.edit(id, { description });
    } catch (error) {
      if (!this.shown.isInView(id)) edits.notify(`The description is not saved: ${messageOf(error)}`, true);
      throw error;
    }
  }

  /** Into the trash; in the trash, out of it. */
  moveOut(): void {
    const { tile } = this.shown;
    if (!this.mayDelete) return;
    if (!tile) return void this.#waiting.push(() => this.moveOut());
    this.problem = "";
    const text = this.isTrash ? "Not restored: " : "Not moved to the trash: ";
    this.#try(tile.id, this.shown.moveOut(!this.isTrash), text);
  }

  showMember(id: string): void {
    const { tile } = this.shown;
    if (tile) this.#try(tile.id, this.shown.showMember(id));
  }

  /** To the next member of the stack, or the one before. */
  stepMember(steps: 1 | -1): void {
    const { member: from, details } = this.shown;
    const members = details ? membersIn(details) : [];
    const member = from && members[members.indexOf(from) + steps];
    if (member) this.showMember(member);
  }

  /** Plays the moment of a live or motion photo. */
  playMotion(isMuted: boolean): void {
    const slide = this.shown.stage?.slide;
    if (slide && slide.tile.kind & (Kind.live | Kind.motion))
      this.#try(slide.tile.id, this.#motion.play(slide, isMuted));
  }

  /** The photo may have left the view when something turns out to have failed. */
  #try(id: string, task: Promise<void>, prefix = ""): void {
    task.catch((error: unknown) => {
      const text = prefix + messageOf(error);
      if (this.shown.isInView(id)) this.problem = text;
      else edits.notify(text, true);
    });
  }
}
