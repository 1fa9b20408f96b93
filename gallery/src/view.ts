/** Which assets are shown, and in which order: the same parameters as those of /api/timeline. */
export interface View {
  q?: string;
  album_id?: string;
  person_id?: string;
  /** An absolute path; its subfolders are included. */
  folder?: string;
  state?: "live" | "trashed";
  order?: "newest" | "oldest" | "best";
}

const NAMES = ["q", "album_id", "person_id", "folder", "state", "order"] as const;

export function viewParams(view: View): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of NAMES) {
    const value = view[name];
    if (value) params.set(name, value);
  }
  return params;
}

export function viewOf(params: URLSearchParams): View {
  const view: Record<string, string> = {};
  for (const name of NAMES) {
    const value = params.get(name);
    if (value) view[name] = value;
  }
  return view as View;
}

/** A search as a title; one with quotation marks of its own gets no others. */
export function quoted(query: string): string {
  return /["“”]/.test(query) ? query : `“${query}”`;
}
