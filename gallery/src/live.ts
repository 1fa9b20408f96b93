/** Tells of changes in the index, as they happen. */

const RETRY_MS = 5000;

/** Returns what ends it. onchange is also called when the connection is back after a break: anything may have happened. */
export function follow(onchange: () => void): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wasLost = false;

  const connect = () => {
    source = new EventSource("/api/changes");
    source.addEventListener("change", onchange);
    source.onopen = () => {
      if (wasLost) onchange();
      wasLost = false;
    };
    source.onerror = () => {
      wasLost = true;
      if (source?.readyState !== EventSource.CLOSED) return; // it tries again by itself
      clearTimeout(timer);
      timer = setTimeout(connect, RETRY_MS);
    };
  };
  // A hidden page needs none of the browser's six connections.
  const onvisibility = () => {
    if (document.hidden) {
      clearTimeout(timer);
      source?.close();
      source = null;
      wasLost = true;
    } else if (source === null) connect();
  };
  document.addEventListener("visibilitychange", onvisibility);
  if (!document.hidden) connect();
  return () => {
    document.removeEventListener("visibilitychange", onvisibility);
    clearTimeout(timer);
    source?.close();
  };
}
