const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** A date as people write it, as the end of the time it names: 2019 → 2019-12-31. Null where it is none. */
export function parseDate(text: string): string | null {
  return parseNumbers(text) ?? parseNumbers(withNumbers(text));
}

/** "4 July 2019", "Jul 4, 2019", "july 2019" → "2019-7-4", "2019-7". */
function withNumbers(text: string): string {
  const month = MONTHS.findIndex((name) => new RegExp(`\\b${name}`, "i").test(text)) + 1;
  const year = /\b\d{4}\b/.exec(text)?.[0];
  const day = /\b\d{1,2}\b/.exec(text)?.[0];
  return month && year ? [year, month, day].filter(Boolean).join("-") : "";
}

function parseNumbers(text: string): string | null {
  const parts = /^\s*(\d{4})(?:[-./ ]?(\d{1,2})(?:[-./ ]?(\d{1,2}))?)?\s*$/.exec(text);
  if (!parts) return null;
  const [year, month, day] = [parts[1]!, Number(parts[2] ?? 12), parts[3] === undefined ? null : Number(parts[3])];
  if (month < 1 || month > 12) return null;
  const last = new Date(Date.UTC(Number(year), month, 0)).getUTCDate();
  if (day !== null && (day < 1 || day > last)) return null;
  return `${year}-${String(month).padStart(2, "0")}-${String(day ?? last).padStart(2, "0")}`;
}

/** Position in days of the one nearest to the date that is not later; the oldest where all are later. Days are in
 * descending order, or in ascending order. */
export function nearestDay(days: readonly string[], date: string): number {
  if (days.length === 0) return -1;
  const ascending = days[0]! < days.at(-1)!;
  let [low, high] = [0, days.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const isBefore = ascending ? days[middle]! <= date : days[middle]! > date;
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return ascending ? Math.max(0, low - 1) : Math.min(low, days.length - 1);
}
