/** Pointers and wheel, to what the viewer does. */
import type { Stage } from "./stage";
import { axisOf, closes, dragged, resisted, sideways, Speed, type Axis } from "./swipe";
import { pinched, toggled, type Point } from "./zoom";

export interface GestureEvents {
  onmove(ordinal: number): void;
  onclose(): void;
  oninfo(): void;
  /** A touch without a gesture. */
  ontap(): void;
  /** A gesture has begun. */
  ontouch(): void;
  isStill(): boolean;
  /** How visible the ground behind the photo is, 0..1. */
  onground(opacity: number): void;
  /** Whether what lies under the pointer has gestures of its own. */
  isOwn(event: PointerEvent): boolean;
}

/** Scale by a pixel of the wheel, and by one of a pinch on a touchpad, which browsers tell as a wheel with Ctrl. */
const WHEEL = 0.0022;
const PINCH = 0.012;
/** CSS pixels of a line and a page, where a wheel counts in those. */
const LINE = 32;
const PAGE = 400;
/** Milliseconds and CSS pixels between two taps that are one double tap. */
const DOUBLE_MS = 300;
const DOUBLE_PX = 30;
/** A pinch to a scale below this part of fit closes the photo. */
const CLOSING_PINCH = 0.75;

export class Gestures {
  #pointers = new Map<number, Point>();
  #start: Point = { x: 0, y: 0 };
  #axis: Axis | null = null;
  #isPanning = false;
  #wasPinched = false;
  #isSettling = false;
  #speed = new Speed();
  #tap: { at: number; point: Point } | null = null;
  #tapTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly element: HTMLElement,
    private readonly stage: Stage,
    private readonly events: GestureEvents,
  ) {
    const options = { signal: this.#end.signal };
    element.addEventListener("wheel", this.#wheel, { ...options, passive: false });
    element.addEventListener("pointerdown", this.#down, options);
    element.addEventListener("pointermove", this.#move, options);
    for (const name of ["pointerup", "pointercancel"] as const) element.addEventListener(name, this.#up, options);
    element.addEventListener("dblclick", this.#double, options);
  }

  readonly #end = new AbortController();

  close(): void {
    this.#end.abort();
    clearTimeout(this.#tapTimer);
  }

  #at(event: MouseEvent): Point {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #wheel = (event: WheelEvent): void => {
    const slide = this.stage.slide;
    if (!slide) return;
    event.preventDefault();
    this.events.ontouch();
    const unit = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? PAGE : 1;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.stage.pan(-(event.deltaX || event.deltaY) * unit, 0, true);
      return;
    }
    const factor = Math.exp(-event.deltaY * unit * (event.ctrlKey ? PINCH : WHEEL));
    this.stage.zoom(slide.transform.scale * factor, this.#at(event), true);
  };

  #down = (event: PointerEvent): void => {
    if ((event.pointerType === "mouse" && event.button !== 0) || this.#isSettling || this.events.isOwn(event)) return;
    this.#pointers.set(event.pointerId, this.#at(event));
    if (this.#pointers.size === 1) {
      this.#start = this.#at(event);
      this.#axis = null;
      this.#wasPinched = false;
      this.#speed = new Speed();
      this.#isPanning = this.stage.slide?.isZoomed ?? false;
    } else this.#wasPinched = true;
    if (this.#pointers.size === 2 && this.#axis === "horizontal") void this.stage.settle(0, false, true);
  };

  #move = (event: PointerEvent): void => {
    const before = this.#pointers.get(event.pointerId);
    const slide = this.stage.slide;
    if (!before || !slide) return;
    const now = this.#at(event);
    if (this.#pointers.size === 2) {
      this.element.setPointerCapture(event.pointerId);
      const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
      if (other) slide.set(pinched(slide.transform, [before, other], [now, other]), true);
    } else if (this.#isPanning) {
      this.element.setPointerCapture(event.pointerId);
      this.stage.pan(now.x - before.x, now.y - before.y, true);
    } else if (event.pointerType !== "mouse" && !this.#wasPinched) this.#swipe(event, now);
    this.#pointers.set(event.pointerId, now);
    this.#speed.add(event.timeStamp, now.x, now.y);
    if (Math.hypot(now.x - this.#start.x, now.y - this.#start.y) > 4) this.events.ontouch();
  };

  #swipe(event: PointerEvent, now: Point): void {
    const [dx, dy] = [now.x - this.#start.x, now.y - this.#start.y];
    if (!this.#axis) {
      this.#axis = axisOf(dx, dy);
      if (this.#axis) this.element.setPointerCapture(event.pointerId);
    }
    const { view, slide } = this.stage;
    if (this.#axis === "horizontal") {
      if (!this.stage.drag(dx)) this.stage.drag(resisted(dx, view.width));
    } else if (this.#axis === "vertical" && slide) {
      const { scale, opacity } = dragged(dy, view.height);
      slide.root.style.transform = `translateY(${dy > 0 ? dy : resisted(dy, view.height) * 0.4}px) scale(${scale})`;
      this.events.onground(opacity);
    }
  }

  #up = (event: PointerEvent): void => {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#pointers.size > 0) {
      this.#isPanning = true; // the finger that stays moves what was pinched
      return;
    }
    const now = this.#at(event);
    if (this.#wasPinched) this.#endPinch(now);
    else if (this.#axis && !this.#isPanning) this.#endSwipe(event, now);
    else if (!this.#axis && event.type === "pointerup" && Math.hypot(now.x - this.#start.x, now.y - this.#start.y) < 8)
      this.#tapped(event, now);
  };

  #endPinch(point: Point): void {
    const slide = this.stage.slide;
    if (!slide) return;
    const whole = Math.min(slide.frame.view.width / slide.rect.width, slide.frame.view.height / slide.rect.height);
    if (whole > 1 / CLOSING_PINCH && !slide.isZoomed) this.events.onclose();
    else this.stage.zoom(slide.transform.scale, point);
  }

  #endSwipe(event: PointerEvent, now: Point): void {
    const [dx, dy] = [now.x - this.#start.x, now.y - this.#start.y];
    const speed = this.#speed.of(event.timeStamp);
    const { view } = this.stage;
    const isCancelled = event.type === "pointercancel";
    if (this.#axis === "horizontal") {
      const way = isCancelled ? "stay" : sideways(dx, speed.x, view.width);
      const hasNeighbor = this.stage.drag(dx);
      const shown = hasNeighbor ? dx : resisted(dx, view.width);
      this.#isSettling = true;
      const before = this.stage.ordinal;
      void this.stage.settle(shown, way !== "stay", this.events.isStill()).then((ordinal) => {
        this.#isSettling = false;
        if (ordinal !== before) this.events.onmove(ordinal);
      });
    } else if (!isCancelled && closes(dy, speed.y, view.height)) {
      this.events.onclose();
    } else {
      this.events.onground(1);
      const root = this.stage.slide?.root;
      if (root) {
        root.animate([{ transform: root.style.transform }, { transform: "none" }], {
          duration: this.events.isStill() ? 0 : 180,
          easing: "ease-out",
        });
        root.style.transform = "";
      }
      if (!isCancelled && dy < -view.height * 0.1) this.events.oninfo();
    }
  }

  #tapped(event: PointerEvent, point: Point): void {
    if (event.pointerType === "mouse") return;
    const last = this.#tap;
    clearTimeout(this.#tapTimer);
    if (
      last &&
      event.timeStamp - last.at < DOUBLE_MS &&
      Math.hypot(point.x - last.point.x, point.y - last.point.y) < DOUBLE_PX
    ) {
      this.#tap = null;
      this.#toggle(point, 2); // a phone's screen may show nearly all pixels at fit
    } else {
      this.#tap = { at: event.timeStamp, point };
      this.#tapTimer = setTimeout(() => this.events.ontap(), DOUBLE_MS);
    }
  }

  #double = (event: MouseEvent): void => {
    // Touches are counted above: a tap on a touch screen is told as a click as well.
    if (event instanceof PointerEvent && event.pointerType !== "mouse") return;
    if (!matchMedia("(hover: hover)").matches) return;
    this.#toggle(this.#at(event));
  };

  #toggle(point: Point, least = 1): void {
    const slide = this.stage.slide;
    if (!slide) return;
    this.events.ontouch();
    this.stage.zoom(toggled(slide.frame, slide.transform, point, least).scale, point);
  }
}
