/** How a photo grows from its thumbnail into the view, and back. */
import type { Slide } from "./slide";

/** Milliseconds. */
const FADE_MS = 160;
const GROUND_MS = 220;
const TIMING = { duration: 230, easing: "cubic-bezier(0.2, 0, 0, 1)" } as const;

/** Grows out of the thumbnail, or appears where there is none. */
export async function enter(slide: Slide, ground: HTMLElement, thumbnail: DOMRect | null): Promise<void> {
  if (!thumbnail) return;
  ground.animate([{ opacity: 0 }, { opacity: 1 }], TIMING.duration);
  await grow(slide, thumbnail);
}

/** Shrinks into the thumbnail, or fades where there is none. */
export async function leave(slide: Slide, ground: HTMLElement, thumbnail: DOMRect | null): Promise<void> {
  const opacity = Number(getComputedStyle(ground).opacity);
  const gone = thumbnail ? shrink(slide, thumbnail) : fadeOut(slide.root, 1, FADE_MS);
  await Promise.all([fadeOut(ground, opacity, GROUND_MS), gone]);
}

async function fadeOut(element: HTMLElement, from: number, duration: number): Promise<void> {
  await element.animate([{ opacity: from }, { opacity: 0 }], { duration, fill: "forwards" }).finished;
}

/** The transform of the slide's box that has it cover a rectangle of the page. */
function over(slide: Slide, rect: DOMRect): string {
  const { left, top } = slide.root.parentElement!.getBoundingClientRect();
  const { width, height } = slide.rect;
  return `translate(${rect.left - left}px, ${rect.top - top}px) scale(${rect.width / width}, ${rect.height / height})`;
}

async function grow(slide: Slide, from: DOMRect): Promise<void> {
  const frames = [{ transform: over(slide, from) }, { transform: slide.box.style.transform }];
  await slide.box.animate(frames, TIMING).finished;
}

/** The slide stays where the thumbnail is. */
async function shrink(slide: Slide, to: DOMRect): Promise<void> {
  const [now, root] = [getComputedStyle(slide.box).transform, slide.root];
  const dragged = getComputedStyle(root).transform;
  const moved = root.animate([{ transform: dragged }, { transform: "none" }], { ...TIMING, fill: "forwards" });
  const shrunk = slide.box.animate([{ transform: now }, { transform: over(slide, to) }], {
    ...TIMING,
    fill: "forwards",
  });
  await Promise.all([moved.finished, shrunk.finished]);
}
