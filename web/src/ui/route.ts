/** Where in the app an address leads. Pure. */
import { SIGN_IN_PATH } from '../meeting/index.ts';

export type Route =
  | { readonly kind: 'start' }
  | { readonly kind: 'signIn' }
  | { readonly kind: 'recordings' }
  | { readonly kind: 'recording'; readonly id: string }
  | { readonly kind: 'meeting'; readonly code: string };

export function parseRoute(pathname: string): Route {
  if (pathname === SIGN_IN_PATH) return { kind: 'signIn' };
  const recording = /^\/recordings(?:\/(rec_[a-z2-7]{26})?)?\/?$/.exec(pathname);
  if (recording !== null) {
    const id = recording[1];
    return id === undefined ? { kind: 'recordings' } : { kind: 'recording', id };
  }
  const code = /^\/m\/([^/]+)\/?$/.exec(pathname)?.[1];
  if (code === undefined) return { kind: 'start' };
  try {
    return { kind: 'meeting', code: decodeURIComponent(code) };
  } catch (error) {
    if (error instanceof URIError) return { kind: 'start' };
    throw error;
  }
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
  if (route.kind === 'recordings') return '/recordings';
  if (route.kind === 'recording') return `/recordings/${route.id}`;
  return route.kind === 'start' ? '/' : `/m/${encodeURIComponent(route.code)}`;
}
