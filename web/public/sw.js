/**
 * Keeps the app's own files, so that an installed Parley opens at once and says that it is offline rather than nothing.
 *
 * Never touches the API, media nodes or any other origin, and keeps no page of a meeting: only the one empty page of the
 * app. Files under /assets/ have a hash of their content in their names and never change.
 */
const CACHE = 'parley-shell-1';
const PAGE = '/';

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.add(PAGE)));
  self.skipWaiting();
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/v1'))
    return;
  if (request.mode === 'navigate') event.respondWith(fetchPage(request));
  else if (url.pathname.startsWith('/assets/')) event.respondWith(fetchAsset(request));
});

/** The server's page while there is one; the kept one when the network is away. */
async function fetchPage(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) {
      const cache = await caches.open(CACHE);
      await cache.put(PAGE, answer.clone());
    }
    return answer;
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept === undefined) throw error;
    return kept;
  }
}

async function fetchAsset(request) {
  const kept = await caches.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    const cache = await caches.open(CACHE);
    await cache.put(request, answer.clone());
  }
  return answer;
}
