/** Moving photos to the trash and out of it. */
import { ApiError } from "../api";
import type { Library } from "../core/library";
import { Kind, type Tile } from "../core/tile";

const ATTEMPTS = 3;

/** All assets that a tile stands for: those of a stack move together. Rejects with ApiError. */
export async function membersOf(library: Library, { id, kind, stack }: Tile): Promise<string[]> {
  if (stack === 1 && !(kind & (Kind.stack | Kind.live))) return [id];
  for (let attempt = 1; ; attempt++) {
    const ordinal = await library.ordinalOf(id);
    if (ordinal === null) return [id];
    try {
      return await library.ids(ordinal, ordinal + 1, true);
    } catch (error) {
      // The view has changed since, as by the photo that was moved just before.
      if (attempt === ATTEMPTS || !(error instanceof ApiError) || error.status !== 409) throw error;
      await library.refresh();
    }
  }
}

/** The position to go to from one that leaves a list: the next, else the one before; null where none is left. */
export function successor(current: number, total: number, isGone: (position: number) => boolean): number | null {
  for (let next = current + 1; next < total; next++) if (!isGone(next)) return next;
  for (let previous = current - 1; previous >= 0; previous--) if (!isGone(previous)) return previous;
  return null;
}

interface Departure {
  /** The photo that was in view. */
  id: string;
  /** It was the chosen member of a stack. */
  isMember: boolean;
  /** All assets that went with it. */
  ids: readonly string[];
}

/** The photos that were moved out of the view since the user last went anywhere: Undo leads back to them. */
export class Departures {
  #visit = 0;
  #all: Departure[] = [];

  /** Another number whenever the user has gone somewhere. */
  get visit(): number {
    return this.#visit;
  }

  /** The user goes to a photo. */
  forget(): void {
    this.#visit++;
    this.#all = [];
  }

  /** visit: when the user moved it. */
  add(departure: Departure, visit: number): void {
    if (visit === this.#visit) this.#all.push(departure);
  }

  /** The latest that one of these assets belongs to; it is forgotten, as are later ones. */
  take(ids: readonly string[]): Departure | null {
    const wanted = new Set(ids);
    const index = this.#all.findLastIndex((departure) => departure.ids.some((id) => wanted.has(id)));
    return index < 0 ? null : this.#all.splice(index)[0]!;
  }
}
