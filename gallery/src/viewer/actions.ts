/** What each key and button of the viewer does. */
import type { Action } from "./keys";
import type { Shown } from "./shown.svelte";
import type { Slideshow } from "./slideshow.svelte";
import type { Stage } from "./stage";

/** What the actions work on. */
export interface Parts {
  readonly shown: Shown;
  readonly slideshow: Slideshow;
  readonly stage: Stage;
  /** Undefined where the photo in view is not a video. */
  readonly video: { toggle(): void } | undefined;
  /** Undefined while no panorama turns. */
  readonly panorama: { turnBy(right: number, up: number): void; zoomBy(steps: number): void } | undefined;
  rate(rating: number): void;
  toggleFavorite(): void;
  describe(): void;
  moveOut(): void;
  showMember(steps: 1 | -1): void;
  playMotion(): void;
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
  const { shown, slideshow } = parts;
  const step = (steps: 1 | -1) => void shown.go(shown.ordinal + steps);
  const zoom = (direction: 1 | -1) => (parts.panorama ? parts.panorama.zoomBy(direction) : parts.stage.step(direction));
  const pan = (x: number, y: number) =>
    parts.panorama ? parts.panorama.turnBy(-x * TURN, y * TILT) : parts.stage.pan(x * PAN, y * PAN);
  const actions: Record<Exclude<Action, `rate${number}`>, () => void> = {
    previous: () => step(-1),
    next: () => step(1),
    first: () => void shown.go(0),
    last: () => void shown.go(shown.library.total - 1),
    previousMember: () => parts.showMember(-1),
    nextMember: () => parts.showMember(1),
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
    fit: () => parts.stage.fit(),
    actual: () => parts.stage.actual(),
    keepZoom: () => parts.toggleKeepZoom(),
    motion: () => parts.playMotion(),
    turn: () => parts.togglePanorama(),
    slideshow: () => slideshow.toggle(),
    fullscreen: () => parts.toggleFullscreen(),
    info: () => parts.toggleInfo(),
    favorite: () => parts.toggleFavorite(),
    describe: () => parts.describe(),
    trash: () => parts.moveOut(),
    close: () => (slideshow.isRunning ? slideshow.stop() : parts.close()),
  };
  return (action, isRepeat = false) => {
    if (isRepeat && !REPEATED.test(action)) return;
    if (!KEEPS_SLIDESHOW.includes(action)) slideshow.stop();
    if (action.startsWith("rate")) parts.rate(Number(action.slice(4)));
    else actions[action as keyof typeof actions]();
  };
}
