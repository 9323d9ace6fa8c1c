// The page opens without a connection, too: a service worker keeps its files.

/** Has the files kept that the page has loaded so far. */
export async function keepFiles(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/check-in-worker.js", { scope: "/check-in" });
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    active?.postMessage(loaded.filter((url) => url.startsWith(`${location.origin}/assets/`)));
  } catch {
    // Forbidden, or without a connection: the page works as long as it is open.
  }
}
