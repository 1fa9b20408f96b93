/** The outline of land around a place, as the data of an SVG path: offline, from Natural Earth (1:110 million). */
import { feature } from "topojson-client";
import type { MultiPolygon, Polygon, Position } from "geojson";
import type { GeometryCollection, Topology } from "topojson-specification";
import landUrl from "world-atlas/land-110m.json?url";
import { getJson } from "../../api";

export interface Projection {
  /** Degrees that the map is wide. */
  across: number;
  latitude: number;
  longitude: number;
  width: number;
  height: number;
}

/** Where a point is drawn: a degree of longitude is as long as it is at the middle of the map. */
export function projected(
  { across, latitude, longitude, width, height }: Projection,
  [lon, lat]: Position,
): [number, number] {
  const scale = width / across;
  const narrow = Math.max(0.2, Math.cos((latitude * Math.PI) / 180));
  return [width / 2 + (lon! - longitude) * scale, height / 2 - ((lat! - latitude) * scale) / narrow];
}

/** Rings as a path. Those that lie beyond the edge of the world's map are drawn again a turn further on. */
export function pathOf(polygons: Position[][][], at: Projection): string {
  const parts: string[] = [];
  for (const turn of [-360, 0, 360]) {
    for (const ring of polygons.flat()) {
      const points = ring.map(([lon, lat]) => projected(at, [lon! + turn, lat!]));
      const xs = points.map(([x]) => x);
      const ys = points.map(([, y]) => y);
      const isOutside =
        Math.max(...xs) < 0 || Math.min(...xs) > at.width || Math.max(...ys) < 0 || Math.min(...ys) > at.height;
      if (!isOutside) parts.push(`M${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}Z`);
    }
  }
  return parts.join("");
}

let land: Promise<Position[][][]> | undefined;

/** Fetched once, when the first map is drawn. */
export function loadLand(): Promise<Position[][][]> {
  land ??= getJson<Topology<{ land: GeometryCollection }>>(landUrl).then(
    (topology) =>
      feature(topology, topology.objects.land).features.flatMap(({ geometry }) => {
        const shape = geometry as Polygon | MultiPolygon;
        return shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates;
      }),
    (error: unknown) => {
      land = undefined;
      throw error;
    },
  );
  return land;
}
