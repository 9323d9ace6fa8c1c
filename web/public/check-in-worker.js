// Keeps the files of the check-in page, and nothing else, so that it opens without a connection. Answers of the API are
// never kept here.
const CACHE = "check-in-1";
const PAGE = "/check-in";
/** How long the network may take for the page before the kept one is shown, milliseconds. */
const PATIENCE_MILLIS = 3_000;

addEventListener("install", (event) => event.waitUntil(caches.open(CACHE).then((cache) => cache.add(PAGE))));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

// The page says which files it has loaded. Those of earlier versions go.
addEventListener("message", (event) => {
  if (Array.isArray(event.data)) event.waitUntil(keep(event.data.filter(isOwn).slice(0, 50)));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(request));
  if (pathname.startsWith("/assets/")) event.respondWith(asset(request));
});

function isOwn(url) {
  return typeof url === "string" && url.startsWith(`${location.origin}/assets/`);
}

async function keep(urls) {
  const cache = await caches.open(CACHE);
  const known = new Set((await cache.keys()).map(({ url }) => url));
  await Promise.all(urls.filter((url) => !known.has(url)).map((url) => cache.add(url)));
  const wanted = new Set([...urls, new URL(PAGE, location.origin).href]);
  await Promise.all([...known].filter((url) => !wanted.has(url)).map((url) => cache.delete(url)));
}

async function page(request) {
  const cache = await caches.open(CACHE);
  const late = new Promise((done) => setTimeout(() => done(undefined), PATIENCE_MILLIS));
  const fetched = fetch(request).catch(() => undefined);
  const answer = await Promise.race([fetched, late]);
  if (answer?.ok) {
    // The same page for every event.
    await cache.put(PAGE, answer.clone());
    return answer;
  }
  return (await cache.match(PAGE)) ?? (await fetched) ?? Response.error();
}

async function asset(request) {
  const kept = await (await caches.open(CACHE)).match(request);
  return kept ?? fetch(request);
}
