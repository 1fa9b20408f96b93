/** Tells of changes in the index, as they happen. */

const RETRY_MS = 5000;

export interface Follower {
  /** Also called when the connection is back after a break: anything may have happened. */
  onchange: () => void;
  onlost: () => void;
  onback: () => void;
}

/** Returns what ends it. */
export function follow({ onchange, onlost, onback }: Follower): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wasLost = false;
  let isDown = false;

  const connect = () => {
    source = new EventSource("/api/changes");
    source.addEventListener("change", onchange);
    source.onopen = () => {
      if (isDown) onback();
      if (wasLost) onchange();
      wasLost = isDown = false;
    };
    source.onerror = () => {
      wasLost = true;
      if (!isDown) onlost();
      isDown = true;
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
