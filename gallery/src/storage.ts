/** The browser's storage. Where it is blocked or full, values last as long as the page. */

type Area = "localStorage" | "sessionStorage";

const memory = new Map<string, string>();

export function read(key: string, area: Area = "localStorage"): string | null {
  try {
    const value = globalThis[area].getItem(key);
    if (value !== null) return value;
  } catch {
    // blocked
  }
  return memory.get(`${area} ${key}`) ?? null;
}

/** null removes the key. */
export function write(key: string, value: string | null, area: Area = "localStorage"): void {
  memory.delete(`${area} ${key}`);
  try {
    if (value === null) globalThis[area].removeItem(key);
    else globalThis[area].setItem(key, value);
  } catch {
    if (value !== null) memory.set(`${area} ${key}`, value);
  }
}
