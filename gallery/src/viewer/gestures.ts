/** Pointers and the wheel: zooming, panning, swiping, closing. */
import type { Stage } from "./stage";
import { axisOf, closes, dragged, resisted, sideways, Speed, type Axis } from "./swipe";
import { fitScale, pinched, toggled, type Point, type Transform } from "./zoom";

export interface GestureEvents {
  onmove(ordinal: number): void;
  onclose(): void;
  oninfo(): void;
  /** A touch without a gesture. */
  ontap(): void;
  /** A gesture has begun. */
  ontouch(): void;
  isStill(): boolean;
  /** Opacity of the ground behind the photo, 0..1. */
  onground(opacity: number): void;
  /** Whether what is under the pointer handles it by itself. */
  isOwn(event: MouseEvent): boolean;
}

/** Change of the scale per pixel of the wheel, and of a touchpad's pinch, which browsers report as a wheel with Ctrl. */
const WHEEL = 0.0022;
const PINCH = 0.012;
/** CSS pixels per line and page, where a wheel counts in those. */
const LINE = 32;
const PAGE = 400;
/** Maximum milliseconds and CSS pixels between the taps of a double tap. */
const DOUBLE_MS = 300;
const DOUBLE_PX = 30;
/** A pinch to less than this part of fit closes the photo. */
const CLOSING_PINCH = 0.75;

export class Gestures {
  #pointers = new Map<number, Point>();
  #start: Point = { x: 0, y: 0 };
  #axis: Axis | null = null;
  #isPanning = false;
  #wasPinched = false;
  /** The scale relative to the smaller of fit and the scale at its beginning. */
  #pinch = 1;
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
    if (!slide || this.events.isOwn(event)) return;
    event.preventDefault();
    this.events.ontouch();
    const unit = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? PAGE : 1;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.stage.pan(-(event.deltaX || event.deltaY) * unit, 0, true);
      return;
    }
    const factor = Math.exp(-event.deltaY * unit * (event.ctrlKey ? PINCH : WHEEL));
    this.stage.zoomTo(slide.transform.scale * factor, this.#at(event), true);
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
    if (this.#pointers.size === 2) {
      this.#endDrag();
      const { slide } = this.stage;
      this.#pinch = slide ? Math.max(1, slide.transform.scale / fitScale(slide.frame)) : 1;
    }
  };

  /** A second finger pinches: what the first one dragged goes back. */
  #endDrag(): void {
    if (this.#axis === "horizontal") void this.stage.settle(0, false, true);
    else if (this.#axis === "vertical") {
      this.events.onground(1);
      if (this.stage.slide) this.stage.slide.root.style.transform = "";
    }
    this.#axis = null;
  }

  #move = (event: PointerEvent): void => {
    const before = this.#pointers.get(event.pointerId);
    const slide = this.stage.slide;
    if (!before || !slide) return;
    const now = this.#at(event);
    if (this.#pointers.size === 2) {
      this.element.setPointerCapture(event.pointerId);
      const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
      if (!other) return;
      const change = (transform: Transform) => pinched(transform, [before, other], [now, other]);
      this.#pinch *= change({ scale: 1, x: 0, y: 0 }).scale;
      this.stage.transform(({ transform }) => change(transform), true);
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
    if (this.#pinch < CLOSING_PINCH && !slide.isZoomed) this.events.onclose();
    else this.stage.zoomTo(slide.transform.scale, point);
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
      void this.stage
        .settle(shown, way !== "stay", this.events.isStill())
        .finally(() => (this.#isSettling = false))
        .then((steps) => {
          // The ordinal of the photo in view may have changed meanwhile.
          if (steps) this.events.onmove(this.stage.ordinal + steps);
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
    // #tapped counts touches: browsers report them as clicks as well.
    if (event instanceof PointerEvent && event.pointerType !== "mouse") return;
    if (!matchMedia("(hover: hover)").matches || this.events.isOwn(event)) return;
    this.#toggle(this.#at(event));
  };

  #toggle(point: Point, least = 1): void {
    const slide = this.stage.slide;
    if (!slide) return;
    this.events.ontouch();
    this.stage.transform(({ frame, transform }) => toggled(frame, transform, point, least));
  }
}
