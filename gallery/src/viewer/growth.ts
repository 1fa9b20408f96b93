/** How a photo grows from its thumbnail into the view, and back. */
import type { Slide } from "./slide";

const TIMING: KeyframeAnimationOptions = { duration: 230, easing: "cubic-bezier(0.2, 0, 0, 1)" };

/** The transform of the slide's box that has it cover a rectangle of the page. */
function over(slide: Slide, rect: DOMRect): string {
  const { left, top } = slide.root.parentElement!.getBoundingClientRect();
  const { width, height } = slide.rect;
  return `translate(${rect.left - left}px, ${rect.top - top}px) scale(${rect.width / width}, ${rect.height / height})`;
}

export async function grow(slide: Slide, from: DOMRect): Promise<void> {
  const frames = [{ transform: over(slide, from) }, { transform: slide.box.style.transform }];
  await slide.box.animate(frames, TIMING).finished;
}

/** The slide stays where the thumbnail is. */
export async function shrink(slide: Slide, to: DOMRect): Promise<void> {
  const [now, root] = [getComputedStyle(slide.box).transform, slide.root];
  const dragged = getComputedStyle(root).transform;
  const moved = root.animate([{ transform: dragged }, { transform: "none" }], { ...TIMING, fill: "forwards" });
  const shrunk = slide.box.animate([{ transform: now }, { transform: over(slide, to) }], {
    ...TIMING,
    fill: "forwards",
  });
  await Promise.all([moved.finished, shrunk.finished]);
}
