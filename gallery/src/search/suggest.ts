/** Completing the last word or filter of a search. */

export interface Suggestion {
  kind: "person" | "place" | "camera" | "lens" | "month" | "year" | "keyword" | "album" | "folder" | "filter";
  text: string;
  /** As the search language has it: person:"Ada Lovelace". */
  query: string;
  count: number;
}

// From the start, so that an opening quotation mark is told from a closing one; the last one may still be open.
const PIECES = /\s+|-?((?:[A-Za-z]+:)?(?:"[^"]*"?|[^\s"]+))/g;

export function lastPiece(text: string): string {
  return [...text.matchAll(PIECES)].at(-1)?.[1] ?? "";
}

/** The search with its last piece replaced by the suggestion. */
export function completed(text: string, suggestion: Suggestion): string {
  return text.slice(0, text.length - lastPiece(text).length) + suggestion.query;
}
