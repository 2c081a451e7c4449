/** The app without a network: the worker that keeps its files, and the files that came before there was one. */
import { whenIdle } from './whenIdle.ts';

/** Without a worker the app works as well, only not offline: private windows forbid it. */
export function keepForOffline({ serviceWorker }: Navigator = navigator): void {
  serviceWorker.register('/sw.js').catch(() => undefined);
  if (serviceWorker.controller !== null) return;
  const handleFirstWorker = (): void => {
    whenIdle(askAgain);
  };
  serviceWorker.addEventListener('controllerchange', handleFirstWorker, { once: true });
}

/**
 * Asks once more, through the worker, for what the page had or was waiting for before: the words of its language, above
 * all. The browser has them still, and asks no server.
 */
function askAgain(): void {
  const asked = new Set<string>();
  const observer = new PerformanceObserver((list) => {
    for (const { name, workerStart } of list.getEntries() as PerformanceResourceTiming[]) {
      const { origin, pathname } = new URL(name);
      const isFile = origin === location.origin && pathname.startsWith('/assets/');
      // Zero: it did not come through a worker.
      if (!isFile || workerStart !== 0 || asked.has(pathname)) continue;
      asked.add(pathname);
      fetch(pathname).catch(() => undefined);
    }
  });
  observer.observe({ type: 'resource', buffered: true });
}
