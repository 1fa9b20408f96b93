/** The task, of which one run is under way at a time: calls meanwhile make it run once more, however many they are. */
export function coalesce(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let isStale = false;
  const run = async () => {
    try {
      while (isStale) {
        isStale = false;
        await task();
      }
    } finally {
      running = null;
    }
  };
  return () => {
    isStale = true;
    return (running ??= run());
  };
}
