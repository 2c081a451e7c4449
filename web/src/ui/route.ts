/** Where in the app an address leads. Pure. */
import { SIGN_IN_PATH, WATCH_SECRET } from '../meeting/index.ts';

export type Route =
  | { readonly kind: 'start' }
  | { readonly kind: 'signIn' }
  | { readonly kind: 'recordings' }
  /** The connection test; from a meeting's door it leads back there. */
  | { readonly kind: 'test'; readonly from?: string }
  | { readonly kind: 'recording'; readonly id: string }
  /** The film for whoever has the link: its secret stands behind #, which no server is sent. */
  | { readonly kind: 'watch'; readonly id: string; readonly secret: string }
  /** Over the list maybe one of them, or a new one. */
  | { readonly kind: 'meetings'; readonly open?: string }
  | { readonly kind: 'settings' }
  | { readonly kind: 'admin'; readonly part: AdminPart }
  | { readonly kind: 'meeting'; readonly code: string };

/** The parts of the administration, as their addresses and tabs name them. */
export const ADMIN_PARTS = ['meetings', 'nodes', 'recordings', 'webhooks', 'keys', 'usage'] as const;
export type AdminPart = (typeof ADMIN_PARTS)[number];
/** In place of a meeting that is there. */
export const NEW_MEETING = 'new';

export function parseRoute(pathname: string, search = '', hash = ''): Route {
  if (pathname === SIGN_IN_PATH) return { kind: 'signIn' };
  if (/^\/test\/?$/.test(pathname)) return testOf(search);
  const recording = /^\/recordings(?:\/(rec_[a-z2-7]{26})?)?\/?$/.exec(pathname);
  if (recording !== null) {
    const id = recording[1];
    if (id === undefined) return { kind: 'recordings' };
    const secret = hash.slice(1);
    return WATCH_SECRET.test(secret) ? { kind: 'watch', id, secret } : { kind: 'recording', id };
  }
  const around = parseAround(pathname);
  if (around !== null) return around;
  const code = /^\/m\/([^/]+)\/?$/.exec(pathname)?.[1];
  if (code === undefined) return { kind: 'start' };
  try {
    return { kind: 'meeting', code: decodeURIComponent(code) };
  } catch (error) {
    if (error instanceof URIError) return { kind: 'start' };
    throw error;
  }
}

/** The pages around meetings, of somebody who signed in. */
function parseAround(pathname: string): Route | null {
  const [, first = '', second, ...rest] = pathname.replace(/\/$/, '').split('/');
  if (rest.length > 0) return null;
  if (first === 'settings' && second === undefined) return { kind: 'settings' };
  if (first === 'admin') {
    const part = ADMIN_PARTS.find((known) => known === (second ?? 'meetings'));
    return part === undefined ? null : { kind: 'admin', part };
  }
  if (first !== 'meetings') return null;
  if (second === undefined) return { kind: 'meetings' };
  const isOne = second === NEW_MEETING || /^mtg_[a-z2-7]{26}$/.test(second);
  return isOne ? { kind: 'meetings', open: second } : { kind: 'meetings' };
}

function testOf(search: string): Route {
  const from = parseCode(new URLSearchParams(search).get('from') ?? '');
  return from === null ? { kind: 'test' } : { kind: 'test', from };
}

/** Takes what people paste: a link, a code with or without dashes, any case. Null when it is none of these. */
export function parseCode(input: string): string | null {
  const text = input.trim();
  const inLink = /\/m\/([A-Za-z0-9_-]+)/.exec(text)?.[1];
  const candidate = (inLink ?? text).toLowerCase();
  if (/^mtg_[a-z2-7]{26}$/.test(candidate)) return candidate;
  const letters = candidate.replace(/[\s-]/g, '');
  if (!/^[a-z]{10}$/.test(letters)) return null;
  return `${letters.slice(0, 3)}-${letters.slice(3, 7)}-${letters.slice(7)}`;
}

export function pathOf(route: Route): string {
  if (route.kind === 'signIn') return SIGN_IN_PATH;
  if (route.kind === 'test')
    return route.from === undefined ? '/test' : `/test?from=${encodeURIComponent(route.from)}`;
  if (route.kind === 'recordings') return '/recordings';
  if (route.kind === 'recording') return `/recordings/${route.id}`;
  if (route.kind === 'watch') return `/recordings/${route.id}#${route.secret}`;
  if (route.kind === 'meetings') return route.open === undefined ? '/meetings' : `/meetings/${route.open}`;
  if (route.kind === 'settings') return '/settings';
  if (route.kind === 'admin') return `/admin/${route.part}`;
  return route.kind === 'start' ? '/' : `/m/${encodeURIComponent(route.code)}`;
}
