/** From one state of the view to another: what is looked at, focused and selected is the same before and after. */
import type { Selection } from "../core/selection";
import type { Hold } from "./hold";

/** What is needed of the state of the view that is about to be shown. */
export interface NextState {
  ordinalOf(id: string): Promise<number | null>;
  ids(start: number, stop: number): Promise<string[]>;
  tile(ordinal: number): { id: string } | undefined;
  /** Among what is loaded. */
  find(id: string): { ordinal: number } | undefined;
  load(start: number, stop: number): Promise<void>;
}

/** The timeline as it is now. */
export interface Scene {
  /** Ordinals from start to before stop. */
  readonly visible: [number, number];
  readonly drawn: [number, number];
  readonly active: number;
  readonly isAtTop: boolean;
  readonly selection: Selection;
  /** Of what is drawn or loaded. */
  idOf(ordinal: number): string | undefined;
  /** Pixels from the view's top to the tile's. */
  fromTop(ordinal: number): number | null;
}

export interface Transition {
  active: number;
  /** Null: the content position stays. */
  hold: Hold | null;
}

/** Tiles in view that are looked up, where the first ones are gone. */
const TRIES = 8;
/** The user may go on moving while the next state is loaded: then what is looked at now is loaded too. */
const ATTEMPTS = 3;

/** Loads what will be in view. Returns what is called when the next state is shown: the user may have moved until then. */
export async function prepare(next: NextState, scene: Scene): Promise<() => Transition> {
  let shift = 0;
  let active: number | null = null;
  let activeBefore = -1;
  let select = () => {};
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [start, stop] = scene.drawn;
    activeBefore = scene.active;
    const focused = scene.idOf(activeBefore);
    [shift, active] = await Promise.all([
      scene.isAtTop ? 0 : shiftOf(next, scene),
      focused === undefined ? null : next.ordinalOf(focused),
    ]);
    await next.load(start + shift, stop + shift);
    select = await scene.selection.remap(next);
    const [first, end] = scene.visible;
    if (start <= first && end <= stop && scene.active === activeBefore) break;
  }
  return () => {
    select();
    const hold = scene.isAtTop ? null : holdOf(next, scene, shift);
    if (scene.active === activeBefore) return { active: active ?? -1, hold };
    const id = scene.idOf(scene.active);
    return { active: (id === undefined ? undefined : next.find(id)?.ordinal) ?? scene.active + shift, hold };
  };
}

/** The first tile in view that is loaded in the next state stays where it is. */
function holdOf(next: NextState, scene: Scene, shift: number): Hold | null {
  const [start, stop] = scene.visible;
  for (let ordinal = start; ordinal < Math.min(stop, start + TRIES); ordinal++) {
    const id = scene.idOf(ordinal);
    const now = id === undefined ? undefined : next.find(id)?.ordinal;
    const from = now === undefined ? null : scene.fromTop(ordinal);
    if (now !== undefined && from !== null) return { ordinal: now, part: 0, from };
  }
  const from = scene.fromTop(start);
  return from === null ? null : { ordinal: start + shift, part: 0, from };
}

/** By how many ordinals what is looked at has moved in the next state. */
async function shiftOf(next: NextState, scene: Scene): Promise<number> {
  const [start, stop] = scene.visible;
  for (let ordinal = start; ordinal < Math.min(stop, start + TRIES); ordinal++) {
    const id = scene.idOf(ordinal);
    const now = id === undefined ? null : await next.ordinalOf(id);
    if (now !== null) return now - ordinal;
  }
  return 0;
}
