/** Calls the listener when devicePixelRatio changes, as when the window moves to another screen. */
export function onPixelRatio(listener: () => void): () => void {
  let query: MediaQueryList;
  const watch = () => {
    query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener("change", change, { once: true });
  };
  const change = () => {
    watch();
    listener();
  };
  watch();
  return () => query.removeEventListener("change", change);
}
