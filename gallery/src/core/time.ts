/** Dates and times as text, in the reader's language. All are wall clocks where the photo was taken, read as UTC. */
import { UNDATED } from "./geometry";

const formats = new Map<string, Intl.DateTimeFormat>();

/** Cached: creating a format takes milliseconds. */
function formatOf(options: Intl.DateTimeFormatOptions, locale: string | undefined): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options })));
  return format;
}

const WEEKDAY = { weekday: "short", day: "numeric", month: "short", year: "numeric" } as const;

/** Of a group: "2024-04-12", "2024-04", "2024" or UNDATED. */
export function groupTitle(key: string, locale?: string): string {
  if (key === UNDATED) return "Undated (by file time)";
  if (key.length === 4) return key;
  const time = Date.parse(key.length === 7 ? `${key}-01` : key);
  if (Number.isNaN(time)) return key;
  if (key.length === 10) return shortDate(time, locale);
  return formatOf({ month: "long", year: "numeric" }, locale).format(time);
}

/** "Fri, Apr 12, 2024" */
export function shortDate(time: number, locale?: string): string {
  return formatOf(WEEKDAY, locale).format(time);
}

/** A month of a group's key, for where days would be too many: "Apr 2024". */
export function monthTitle(key: string, locale?: string): string {
  if (!/^\d{4}-\d\d/.test(key)) return groupTitle(key, locale);
  const time = Date.parse(`${key.slice(0, 7)}-01`);
  return formatOf({ month: "short", year: "numeric" }, locale).format(time);
}

/** "Friday, April 12, 2024 at 6:05 PM" */
export function fullDate(time: number, locale?: string): string {
  return formatOf({ dateStyle: "full", timeStyle: "short" }, locale).format(time);
}

/** "0:07", "12:30", "1:02:03" */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const twoDigits = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return (hours ? `${hours}:${twoDigits(minutes)}` : String(minutes)) + `:${twoDigits(whole % 60)}`;
}
