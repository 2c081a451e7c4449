/**
 * Keeps the app's own files, so that an installed Parley opens at once and says that it is offline rather than nothing.
 *
 * Never touches the API, media nodes or any other origin. Of all pages it keeps the one of `/`, which other sites may not
 * show in a frame: the page of a meeting is the same to read, but its headers may let them. Files under /assets/ have a
 * hash of their content in their names and never change.
 */
const CACHE = 'parley-shell-2';
const PAGE = '/';
/** Names what is of the version before, as no address of the app does. */
const FORMER = '/former-version';

self.addEventListener('install', (event) => {
  // Where there is no page to keep the app goes on as without a worker.
  event.waitUntil(keepShell().catch(() => undefined));
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
  if (request.mode === 'navigate') event.respondWith(fetchPage(event));
  else if (url.pathname.startsWith('/assets/')) event.respondWith(fetchAsset(event));
});

/** The server's page while there is one; the kept one when the network is away. */
async function fetchPage(event) {
  try {
    const answer = await fetch(event.request);
    // A server that answers may have a newer one.
    if (answer.ok) event.waitUntil(keepShell());
    return answer;
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept === undefined) throw error;
    return kept;
  }
}

/** The page once all that it names is kept: without its files it would be empty. */
async function keepShell() {
  const cache = await caches.open(CACHE);
  const kept = (await cache.keys()).map(({ url }) => new URL(url).pathname);
  const answer = await fetch(PAGE);
  if (!answer.ok || answer.redirected) throw new Error(`the page of the app: ${answer.status}`);
  const html = await answer.clone().text();
  const named = [...html.matchAll(/(?:src|href|content)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  const before = await (await cache.match(PAGE))?.text();
  for (const path of named) if (!kept.includes(path)) await cache.add(path);
  const files = [...named, ...(await listedFiles(cache, named))];
  await cache.put(PAGE, answer);
  if (before === undefined || before === html) return;
  await forgetFormer(cache, files);
  const old = kept.filter((path) => path.startsWith('/assets/') && !files.includes(path));
  await cache.put(FORMER, new Response(JSON.stringify(old)));
}

/** Those that a version asks for later, too, many of which it shares with the one before: a file that its page names has them. */
async function listedFiles(cache, named) {
  const list = named.find((path) => path.endsWith('.json'));
  return list === undefined ? [] : (await cache.match(list)).json();
}

/** Versions would pile up; the one before stays, as a meeting may be open that began with it. */
async function forgetFormer(cache, files) {
  const former = (await (await cache.match(FORMER))?.json()) ?? [];
  for (const path of former) if (!files.includes(path)) await cache.delete(path);
}

/** What cannot be kept, as where the disk is full, is there as without a worker. */
async function fetchAsset(event) {
  const kept = await caches.match(event.request).catch(() => undefined);
  if (kept !== undefined) return kept;
  const answer = await fetch(event.request);
  if (answer.ok) event.waitUntil(keepAsset(event.request, answer.clone()).catch(() => undefined));
  return answer;
}

async function keepAsset(request, answer) {
  const cache = await caches.open(CACHE);
  await cache.put(request, answer);
}
