/** Boxes of faces: from pixels of the stored picture to fractions of the upright one. */
import type { AssetRecord } from "./details";
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

export interface FaceBox {
  id: string;
  /** In fractions of the upright photo. */
  box: Box;
  name: string;
}

/** The faces of a photo, or the one of this id. Those in a video belong to one of its frames, and are left out. */
export function faceBoxes({ faces, people, width, height, metadata }: AssetRecord, only?: string | null): FaceBox[] {
  if (!width || !height) return [];
  const names = new Map(people.map(({ id, name }) => [id, name]));
  return faces
    .filter(({ id, timestamp_ms }) => timestamp_ms === null && (only === undefined || id === only))
    .map(({ id, bounding_box, person_id }) => ({
      id,
      box: uprightBox(bounding_box, { width, height }, metadata.orientation ?? 1),
      name: names.get(person_id ?? "") ?? "",
    }));
}
