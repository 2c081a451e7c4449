import { beforeEach, expect, it, vi } from 'vitest';
import { keepForOffline } from './offline.ts';

const ORIGIN = 'https://parley.example';

class Container extends EventTarget {
  readonly registered: string[] = [];
  readonly controller: object | null;
  constructor(controller: object | null) {
    super();
    this.controller = controller;
  }
  register(path: string): Promise<void> {
    this.registered.push(path);
    return Promise.reject(new DOMException('not here', 'SecurityError'));
  }
}

let asked: string[];
/** What the page has loaded so far; `undefined` until somebody asks for that. */
let tell: ((...entries: { name: string; workerStart: number }[]) => void) | undefined;
let isIdle: () => void;

beforeEach(() => {
  [asked, tell] = [[], undefined];
  isIdle = () => undefined;
  vi.stubGlobal('location', { origin: ORIGIN });
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    return Promise.reject(new TypeError('Failed to fetch'));
  });
  vi.stubGlobal('requestIdleCallback', (callback: () => void) => {
    isIdle = callback;
    return 1;
  });
  vi.stubGlobal(
    'PerformanceObserver',
    class {
      constructor(callback: (list: { getEntries: () => object[] }) => void) {
        tell = (...entries) => {
          callback({ getEntries: () => entries });
        };
      }
      observe(): void {
        tell?.({ name: `${ORIGIN}/assets/de-1.js`, workerStart: 0 });
      }
    },
  );
});

function visit(controller: object | null): Container {
  const container = new Container(controller);
  keepForOffline({ serviceWorker: container } as unknown as Navigator);
  return container;
}

it('asks the first worker for what the page had before it, once the page is idle', () => {
  const container = visit(null);
  expect(container.registered).toEqual(['/sw.js']);
  container.dispatchEvent(new Event('controllerchange'));
  expect([asked, tell]).toEqual([[], undefined]);
  isIdle();
  expect(asked).toEqual(['/assets/de-1.js']);
});

it('asks for what was on its way, too, but for nothing twice, of another kind, or that came through the worker', () => {
  visit(null).dispatchEvent(new Event('controllerchange'));
  isIdle();
  tell?.(
    { name: `${ORIGIN}/assets/de-1.js`, workerStart: 0 },
    { name: `${ORIGIN}/assets/de-2.js`, workerStart: 0 },
    { name: `${ORIGIN}/assets/de-3.js`, workerStart: 12.5 },
    { name: `${ORIGIN}/v1/meetings`, workerStart: 0 },
    { name: 'https://node.example/assets/a.js', workerStart: 0 },
  );
  expect(asked).toEqual(['/assets/de-1.js', '/assets/de-2.js']);
});

it('asks for nothing again where a worker was there before the page, also when the next one comes', () => {
  const container = visit({});
  container.dispatchEvent(new Event('controllerchange'));
  isIdle();
  expect(container.registered).toEqual(['/sw.js']);
  expect([asked, tell]).toEqual([[], undefined]);
});
