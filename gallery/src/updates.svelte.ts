/** Follows the server: whether it can be reached, whether the session lasts, and when the index changes. */
import { ApiError } from "./api";
import { session } from "./session.svelte";

/** Changes are gathered: enrichment makes many. */
const GATHER_MS = 300;
const RETRY_MS = 5000;

interface Listener {
  /** The index has changed, or may have while nothing was heard of it. */
  onchange: () => void;
  /** The server can be reached again. */
  onback: () => void;
}

class Updates {
  isAway = $state(false);
  /** Number of changes reported. */
  revision = $state(0);

  /** Returns a function that ends it. */
  start({ onchange, onback }: Listener): () => void {
    let source: EventSource | null = null;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let gathering: ReturnType<typeof setTimeout> | undefined;
    let isStopped = false;
    let wasLost = false;

    const gather = () => {
      gathering ??= setTimeout(() => {
        gathering = undefined;
        this.revision++;
        onchange();
      }, GATHER_MS);
    };
    const reached = () => {
      if (isStopped || !this.isAway) return;
      this.isAway = false;
      onback();
    };
    // The stream does not tell why it ended: the server may be away, or may no longer know the session.
    const check = async () => {
      try {
        await session.load();
        reached();
      } catch (error) {
        if (!isStopped && error instanceof ApiError && error.status === 0) this.isAway = true;
      }
    };
    const connect = () => {
      source?.close();
      source = new EventSource("/api/changes");
      source.addEventListener("change", gather);
      source.onopen = () => {
        reached();
        if (wasLost) gather();
        wasLost = false;
      };
      source.onerror = () => {
        wasLost = true;
        void check();
        if (source?.readyState !== EventSource.CLOSED) return; // the browser tries again
        clearTimeout(retry);
        retry = setTimeout(connect, RETRY_MS);
      };
    };
    // A hidden page needs none of the browser's six connections.
    const onvisibility = () => {
      if (document.hidden) {
        clearTimeout(retry);
        source?.close();
        source = null;
        wasLost = true;
      } else if (source === null) connect();
    };
    document.addEventListener("visibilitychange", onvisibility);
    if (!document.hidden) connect();
    return () => {
      isStopped = true;
      this.isAway = false;
      document.removeEventListener("visibilitychange", onvisibility);
      clearTimeout(retry);
      clearTimeout(gathering);
      source?.close();
    };
  }
}

export const updates = new Updates();
