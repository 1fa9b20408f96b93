/** Figures of photos as photographers write them. Dates are wall clocks where the photo was taken. */
import type { Metadata } from "./details";

/** "2024-04-12T18:43:51.12+02:00" as milliseconds, read as UTC, and the offset in minutes, if known. */
export function wallClock(text: string): { time: number; offset: number | null } | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (!match) return null;
  const time = Date.parse(`${match[1]}Z`);
  if (Number.isNaN(time)) return null;
  const zone = match[3];
  if (!zone) return { time, offset: null };
  if (zone === "Z") return { time, offset: 0 };
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  return { time, offset: zone[0] === "-" ? -minutes : minutes };
}

/** "Friday, April 12, 2024" */
export function dateText(time: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeZone: "UTC" }).format(time);
}

/** "6:43:51 PM" */
export function timeText(time: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "medium", timeZone: "UTC" }).format(time);
}

/** "UTC+2", "UTC−3:30", "UTC" */
export function zoneText(minutes: number): string {
  if (minutes === 0) return "UTC";
  const size = Math.abs(minutes);
  const rest = size % 60 ? `:${String(size % 60).padStart(2, "0")}` : "";
  return `UTC${minutes < 0 ? "−" : "+"}${Math.floor(size / 60)}${rest}`;
}

/** The model, after its maker where it does not name that itself: "Canon EOS 5D", "Apple iPhone 15". */
export function cameraText(make: string | null, model: string | null): string | null {
  if (!make || !model) return model || make;
  const first = make.split(/[\s,]/)[0]!.toLowerCase();
  return model.toLowerCase().includes(first) ? model : `${titled(make)} ${model}`;
}

/** "NIKON CORPORATION" → "Nikon"; what is written in mixed case stays. */
function titled(make: string): string {
  const short = make
    .replace(/\s*,?\s*(CORPORATION|CORP\.?|CO\.,? ?LTD\.?|INC\.?|IMAGING|ELECTRONICS)\s*/gi, " ")
    .trim();
  if (short !== short.toUpperCase() || short.length <= 3) return short || make;
  return short.replace(/\S+/g, (word) => word[0] + word.slice(1).toLowerCase());
}

/** "1/250 s", "0.5 s", "30 s" */
export function exposureText(seconds: number): string {
  if (seconds < 0.3) return `1/${Math.round(1 / seconds)} s`;
  return `${trimmed(seconds, 1)} s`;
}

/** "f/2.8", "1/250 s", "ISO 400", "35 mm", "−0.7 EV": of those that are known. */
export function exposureParts(metadata: Metadata): string[] {
  const { f_number, exposure_time, iso, focal_length, exposure_bias } = metadata;
  const parts: string[] = [];
  if (f_number) parts.push(`f/${trimmed(f_number, f_number < 10 ? 1 : 0)}`);
  if (exposure_time) parts.push(exposureText(exposure_time));
  if (iso) parts.push(`ISO ${iso}`);
  if (focal_length) parts.push(`${trimmed(focal_length, focal_length < 10 ? 1 : 0)} mm`);
  if (exposure_bias) parts.push(`${exposure_bias < 0 ? "−" : "+"}${trimmed(Math.abs(exposure_bias), 1)} EV`);
  return parts;
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

/** "6000 × 4000 · 24 MP" */
export function sizeText(width: number, height: number): string | null {
  if (!width || !height) return null;
  const mega = (width * height) / 1e6;
  if (mega < 0.005) return `${width} × ${height}`;
  return `${width} × ${height} · ${mega < 0.95 ? trimmed(mega, 2) : trimmed(mega, mega < 10 ? 1 : 0)} MP`;
}

/** "4.2 MB": decimal units, as file managers of most systems show them. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  let [value, unit] = [bytes, 0];
  while (value >= 999.5) {
    value /= 1000;
    unit++;
  }
  return `${trimmed(value, value < 9.95 ? 1 : 0)} ${["", "KB", "MB", "GB", "TB", "PB"][unit]}`;
}

/** "48.85837° N, 2.29448° E" */
export function coordinatesText(latitude: number, longitude: number): string {
  const degrees = (value: number, [positive, negative]: [string, string]) =>
    `${Math.abs(value).toFixed(5)}° ${value < 0 ? negative : positive}`;
  return `${degrees(latitude, ["N", "S"])}, ${degrees(longitude, ["E", "W"])}`;
}

/** "35 m", "12 m below sea level" */
export function altitudeText(meters: number): string {
  const rounded = Math.round(meters);
  return rounded < 0 ? `${-rounded} m below sea level` : `${rounded} m`;
}

/** The bytes of Base64. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** Base64 of a digest as programs like sha256sum write it. */
export function hexOf(base64: string): string {
  return Array.from(bytesOf(base64), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** "Photo 3 of 5,321, Friday, April 12, 2024, Paris": for a screen reader. */
export function announcement(
  ordinal: number,
  total: number,
  { kind = "Photo", time, place }: { kind?: string; time: number | null; place: string | null },
  locale?: string,
): string {
  const number = new Intl.NumberFormat(locale);
  const parts = [`${kind} ${number.format(ordinal + 1)} of ${number.format(total)}`];
  if (time !== null) parts.push(dateText(time, locale));
  if (place) parts.push(place);
  return parts.join(", ");
}

const UNSHOWN = "its picture cannot be shown: ";

/** Why there is no picture, by the problems that the server reports. */
export function failureText(problems: readonly string[]): string {
  const why = problems.find((problem) => problem.startsWith(UNSHOWN))?.slice(UNSHOWN.length) ?? problems[0];
  return `This photo cannot be shown${why ? `: ${why}` : "."}`;
}
