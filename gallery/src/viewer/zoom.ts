/** Where a photo lies in the view: one scale and one place, and the arithmetic on them. Pure. */

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Frame {
  /** In CSS pixels. */
  view: Size;
  /** The upright photo, in its own pixels. */
  content: Size;
  /** Device pixels a CSS pixel. */
  dpr: number;
}

export interface Transform {
  /** CSS pixels a pixel of the photo. */
  scale: number;
  /** Of the photo's upper left corner in the view, in CSS pixels. */
  x: number;
  y: number;
}

/** A transform for photos of any size: the scale relative to fit, the center in fractions of the photo. */
export interface RelativeZoom {
  zoom: number;
  center: Point;
}

/** Device pixels a pixel of the photo, at most. */
const CLOSEST = 8;
/** A photo is enlarged to fill the view up to so many CSS pixels a pixel of it. */
const LARGEST_FIT = 4;
/** Transforms that differ by less are the same to the eye. */
const CLOSE = 1e-3;

export function fitScale({ view, content }: Frame): number {
  return Math.min(view.width / content.width, view.height / content.height, LARGEST_FIT);
}

/** A pixel of the photo for each pixel of the screen. */
export function actualScale({ dpr }: Frame): number {
  return 1 / dpr;
}

export function maxScale(frame: Frame): number {
  return Math.max(CLOSEST / frame.dpr, 2 * fitScale(frame));
}

/** A pixel of the photo for each of the screen, about the middle of the view: smaller than fit where fit enlarges. */
export function actual(frame: Frame, transform: Transform): Transform {
  const { view, content } = frame;
  const scale = actualScale(frame);
  if (scale >= fitScale(frame)) return zoomedTo(frame, transform, scale, { x: view.width / 2, y: view.height / 2 });
  return { scale, x: (view.width - content.width * scale) / 2, y: (view.height - content.height * scale) / 2 };
}

export function fit(frame: Frame): Transform {
  return bounded(frame, { scale: fitScale(frame), x: 0, y: 0 });
}

/** Whether all of the photo is in view. */
export function isFit(frame: Frame, transform: Transform): boolean {
  return transform.scale <= fitScale(frame) * (1 + CLOSE);
}

/** Whether it is smaller than it could be; see `actual`. */
export function isReduced(frame: Frame, transform: Transform): boolean {
  return transform.scale < fitScale(frame) * (1 - CLOSE);
}

/** The nearest transform that leaves no gap beside a photo larger than the view, and centers a smaller one. */
export function bounded(frame: Frame, transform: Transform): Transform {
  const scale = Math.min(Math.max(transform.scale, fitScale(frame)), maxScale(frame));
  return {
    scale,
    x: boundedPlace(transform.x, frame.content.width * scale, frame.view.width),
    y: boundedPlace(transform.y, frame.content.height * scale, frame.view.height),
  };
}

function boundedPlace(place: number, size: number, view: number): number {
  return size <= view ? (view - size) / 2 : Math.min(0, Math.max(view - size, place));
}

/** Another scale, the point of the photo under `point` staying there, whatever the bounds. */
export function scaledAbout(transform: Transform, scale: number, point: Point): Transform {
  const factor = scale / transform.scale;
  return {
    scale,
    x: point.x - (point.x - transform.x) * factor,
    y: point.y - (point.y - transform.y) * factor,
  };
}

/** As scaledAbout, within the bounds of scale and place. */
export function zoomedTo(frame: Frame, transform: Transform, scale: number, point: Point): Transform {
  const limited = Math.min(Math.max(scale, fitScale(frame)), maxScale(frame));
  return bounded(frame, scaledAbout(transform, limited, point));
}

export function panned(frame: Frame, transform: Transform, dx: number, dy: number): Transform {
  return bounded(frame, { ...transform, x: transform.x + dx, y: transform.y + dy });
}

/** Two fingers, from where they were to where they are: the photo follows both. */
export function pinched(transform: Transform, from: [Point, Point], to: [Point, Point]): Transform {
  const [before, after] = [distance(...from), distance(...to)];
  const [start, end] = [middle(...from), middle(...to)];
  const scaled = before > 0 ? scaledAbout(transform, transform.scale * (after / before), start) : transform;
  return { ...scaled, x: scaled.x + end.x - start.x, y: scaled.y + end.y - start.y };
}

/** Between fit and actual size, or `least` times fit at least; where actual size is no larger, twice fit. */
export function toggled(frame: Frame, transform: Transform, point: Point, least = 1): Transform {
  if (!isFit(frame, transform) || isReduced(frame, transform)) return fit(frame);
  const [whole, natural] = [fitScale(frame), actualScale(frame)];
  return zoomedTo(frame, transform, natural > whole * 1.1 ? Math.max(natural, whole * least) : whole * 2, point);
}

/** The next of the scales fit, and powers of two of the actual size, in a direction. */
export function nextScale(frame: Frame, scale: number, direction: 1 | -1): number {
  const [least, most, natural] = [fitScale(frame), maxScale(frame), actualScale(frame)];
  const powers = Array.from({ length: 8 }, (_, index) => natural * 2 ** (index - 4));
  const steps = [least, ...powers.filter((step) => step > least && step < most), most].sort((a, b) => a - b);
  const beyond = steps.filter((step) => (direction > 0 ? step > scale * (1 + CLOSE) : step < scale * (1 - CLOSE)));
  return (direction > 0 ? beyond[0] : beyond.at(-1)) ?? (direction > 0 ? most : least);
}

export function toRelative(frame: Frame, transform: Transform): RelativeZoom {
  const { view, content } = frame;
  return {
    zoom: transform.scale / fitScale(frame),
    center: {
      x: (view.width / 2 - transform.x) / (content.width * transform.scale),
      y: (view.height / 2 - transform.y) / (content.height * transform.scale),
    },
  };
}

export function fromRelative(frame: Frame, { zoom, center }: RelativeZoom): Transform {
  const scale = Math.min(fitScale(frame) * zoom, maxScale(frame));
  return bounded(frame, {
    scale,
    x: frame.view.width / 2 - center.x * frame.content.width * scale,
    y: frame.view.height / 2 - center.y * frame.content.height * scale,
  });
}

/** On whole device pixels, so that at actual size each pixel of the photo is one of the screen. */
export function snapped({ dpr }: Frame, transform: Transform): Transform {
  return { ...transform, x: Math.round(transform.x * dpr) / dpr, y: Math.round(transform.y * dpr) / dpr };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
