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

/** What of a transform can be kept for a photo of another size: the scale in relation to fit, and the center in
 * fractions of the photo. */
export interface Kept {
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

export function fit(frame: Frame): Transform {
  return bounded(frame, { scale: fitScale(frame), x: 0, y: 0 });
}

export function isFit(frame: Frame, transform: Transform): boolean {
  return transform.scale <= fitScale(frame) * (1 + CLOSE);
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

/** Between fit and actual size, and `least` times fit at least; where actual size is no larger, twice fit. */
export function toggled(frame: Frame, transform: Transform, point: Point, least = 1): Transform {
  if (!isFit(frame, transform)) return fit(frame);
  const [whole, actual] = [fitScale(frame), actualScale(frame)];
  return zoomedTo(frame, transform, actual > whole * 1.1 ? Math.max(actual, whole * least) : whole * 2, point);
}

/** The next of the scales fit, and powers of two of the actual size, in a direction. */
export function nextScale(frame: Frame, scale: number, direction: 1 | -1): number {
  const [least, most, actual] = [fitScale(frame), maxScale(frame), actualScale(frame)];
  const steps = [least];
  for (let step = -4; step <= 3; step++) steps.push(actual * 2 ** step);
  const all = [...steps.filter((one) => one >= least && one < most), most].sort((a, b) => a - b);
  const beyond = all.filter((one) => (direction > 0 ? one > scale * (1 + CLOSE) : one < scale * (1 - CLOSE)));
  return (direction > 0 ? beyond[0] : beyond.at(-1)) ?? (direction > 0 ? most : least);
}

export function kept(frame: Frame, transform: Transform): Kept {
  const { view, content } = frame;
  return {
    zoom: transform.scale / fitScale(frame),
    center: {
      x: (view.width / 2 - transform.x) / (content.width * transform.scale),
      y: (view.height / 2 - transform.y) / (content.height * transform.scale),
    },
  };
}

export function restored(frame: Frame, { zoom, center }: Kept): Transform {
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
