/** Dates and times as text, in the reader's language. All are wall clocks where the photo was taken, read as UTC. */
import { UNDATED } from "./geometry";

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes milliseconds, so each is made once. */
function format(options: Intl.DateTimeFormatOptions, locale: string | undefined): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options })));
  return made;
}

const WEEKDAY = { weekday: "short", day: "numeric", month: "short", year: "numeric" } as const;

/** Of a group: "2024-04-12", "2024-04", "2024" or UNDATED. */
export function groupTitle(key: string, locale?: string): string {
  if (key === UNDATED) return "Undated (by file time)";
  if (key.length === 4) return key;
  const time = Date.parse(key.length === 7 ? `${key}-01` : key);
  if (Number.isNaN(time)) return key;
  return format(key.length === 7 ? { month: "long", year: "numeric" } : WEEKDAY, locale).format(time);
}

/** A month of a group's key, for where days would be too many: "Apr 2024". */
export function monthTitle(key: string, locale?: string): string {
  if (!/^\d{4}-\d\d/.test(key)) return groupTitle(key, locale);
  const time = Date.parse(`${key.slice(0, 7)}-01`);
  return format({ month: "short", year: "numeric" }, locale).format(time);
}

/** "Friday, April 12, 2024 at 6:05 PM" */
export function fullDate(time: number, locale?: string): string {
  return format({ dateStyle: "full", timeStyle: "short" }, locale).format(time);
}

/** Of a clock from UTC: "+05:30"; "" where it is unknown. */
export function offsetText(minutes: number | null): string {
  if (minutes === null) return "";
  const two = (value: number) => String(value).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** "0:07", "12:30", "1:02:03" */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return (hours ? `${hours}:${two(minutes)}` : String(minutes)) + `:${two(whole % 60)}`;
}
