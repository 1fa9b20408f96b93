/** Boxes of faces: from pixels of the stored picture to fractions of the upright one. */
import type { Size } from "./zoom";

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Where a box of the stored picture lies in the picture turned upright (Exif 3.0, 4.6.5.1.6), in fractions of it. */
export function uprightBox(box: Box, stored: Size, orientation: number): Box {
  const [x, y, w, h] = [box.x / stored.width, box.y / stored.height, box.w / stored.width, box.h / stored.height];
  switch (orientation) {
    case 2:
      return { x: 1 - x - w, y, w, h };
    case 3:
      return { x: 1 - x - w, y: 1 - y - h, w, h };
    case 4:
      return { x, y: 1 - y - h, w, h };
    case 5:
      return { x: y, y: x, w: h, h: w };
    case 6:
      return { x: 1 - y - h, y: x, w: h, h: w };
    case 7:
      return { x: 1 - y - h, y: 1 - x - w, w: h, h: w };
    case 8:
      return { x: y, y: 1 - x - w, w: h, h: w };
    default:
      return { x, y, w, h };
  }
}

export function uprightSize(stored: Size, orientation: number): Size {
  return orientation > 4 ? { width: stored.height, height: stored.width } : stored;
}
