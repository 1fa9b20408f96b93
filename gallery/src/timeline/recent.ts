/**
 * Thumbnails that were shown lately. While an element holds one, browsers show it in another element at once: in another
 * view of the same photos, and when scrolling back.
 */

/** About 15 MB of compressed pictures. */
const LIMIT = 500;

const images = new Map<string, HTMLImageElement>();

export const recent = {
  keep(source: string): void {
    const image = images.get(source) ?? new Image();
    if (!image.src) image.src = source;
    images.delete(source);
    images.set(source, image);
    if (images.size > LIMIT) images.delete(images.keys().next().value!);
  },
};
