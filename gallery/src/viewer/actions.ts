/** What each key and button of the viewer does. */
import type { Commands } from "./commands.svelte";
import type { Action } from "./keys";
import type { Shown } from "./shown.svelte";
import type { Slideshow } from "./slideshow.svelte";

/** What the actions work on. */
export interface Parts {
  readonly shown: Shown;
  readonly slideshow: Slideshow;
  readonly commands: Commands;
  /** Undefined where the photo in view is not a video. */
  readonly video: { toggle(): void } | undefined;
  /** Undefined while no panorama turns. */
  readonly panorama: { turnBy(right: number, up: number): void; zoomBy(steps: number): void } | undefined;
  describe(): void;
  togglePanorama(): void;
  toggleKeepZoom(): void;
  toggleFullscreen(): void;
  toggleInfo(): void;
  close(): void;
}

/** CSS pixels, and radians, per press. */
const PAN = 120;
const TURN = 0.2;
const TILT = 0.15;

/** Actions that a slideshow goes on with. */
const KEEPS_SLIDESHOW: readonly Action[] = ["slideshow", "play", "close", "fullscreen", "info"];
/** Actions that a key held down repeats. */
const REPEATED = /^(previous|next|pan|zoom)/;

export function actionsFor(parts: Parts): (action: Action, isRepeat?: boolean) => void {
  const { shown, slideshow, commands } = parts;
  const step = (steps: 1 | -1) => void shown.go(shown.ordinal + steps);
  const zoom = (direction: 1 | -1) =>
    parts.panorama ? parts.panorama.zoomBy(direction) : shown.stage?.step(direction);
  const pan = (x: number, y: number) =>
    parts.panorama ? parts.panorama.turnBy(-x * TURN, y * TILT) : shown.stage?.pan(x * PAN, y * PAN);
  const actions: Record<Exclude<Action, `rate${number}`>, () => void> = {
    previous: () => step(-1),
    next: () => step(1),
    first: () => void shown.go(0),
    last: () => void shown.go(shown.library.total - 1),
    previousMember: () => commands.stepMember(-1),
    nextMember: () => commands.stepMember(1),
    play: () => {
      if (parts.video) parts.video.toggle();
      else if (slideshow.isRunning) slideshow.stop();
      else step(1);
    },
    panLeft: () => pan(1, 0),
    panRight: () => pan(-1, 0),
    panUp: () => pan(0, 1),
    panDown: () => pan(0, -1),
    zoomIn: () => zoom(1),
    zoomOut: () => zoom(-1),
    fit: () => shown.stage?.fit(),
    actual: () => shown.stage?.actual(),
    keepZoom: () => parts.toggleKeepZoom(),
    motion: () => commands.playMotion(false),
    turn: () => parts.togglePanorama(),
    slideshow: () => slideshow.toggle(),
    fullscreen: () => parts.toggleFullscreen(),
    info: () => parts.toggleInfo(),
    favorite: () => commands.toggleFavorite(),
    describe: () => parts.describe(),
    trash: () => commands.moveOut(),
    close: () => (slideshow.isRunning ? slideshow.stop() : parts.close()),
  };
  return (action, isRepeat = false) => {
    if (isRepeat && !REPEATED.test(action)) return;
    if (!KEEPS_SLIDESHOW.includes(action)) slideshow.stop();
    if (action.startsWith("rate")) commands.edit({ rating: Number(action.slice(4)) });
    else actions[action as keyof typeof actions]();
  };
}
