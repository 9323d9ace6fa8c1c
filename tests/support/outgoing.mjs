// What the Worker sends out into the world. In wrangler's harness every request that leaves workerd goes through
// `globalThis.fetch` of this process, as a Request with everything in it.

/**
 * Notes the addresses of all of them in `left`, and sends each where `leads(url)` says. Redirects come back to the
 * Worker as they are, as from a network; what it makes of them is its own affair.
 */
export function watchOutgoing(leads = (url) => url) {
  const { fetch } = globalThis;
  const left = [];
  globalThis.fetch = (input, init) => {
    const isFromWorker = typeof init?.url === "string";
    if (!isFromWorker) return fetch(input, init);
    left.push(init.url);
    const { method, headers, body, signal } = init;
    return fetch(leads(new URL(init.url)), { method, headers, body, signal, duplex: "half", redirect: "manual" });
  };
  const stop = () => (globalThis.fetch = fetch);
  return { left, stop };
}
