/** Who signed in, and the API in their name. */
import type { Api, SignIn } from '../../meeting/index.ts';
import { fieldsOf, withTexts } from './answers.ts';

export interface Me {
  readonly id: string;
  readonly name: string | null;
  /** Whether they run the installation. Left out by an API of before. */
  readonly operator?: boolean;
  readonly preferences: Readonly<Record<string, string>>;
}

export type AccountSignIn = Pick<SignIn, 'token' | 'isOffered' | 'begin' | 'end'>;
export type AccountApi = Pick<Api, 'call' | 'exchange'>;

/** What the pages around meetings are given. */
export interface Account {
  readonly signIn: AccountSignIn;
  readonly api: AccountApi;
}

/**
 * Null where nobody signed in.
 * @throws ApiError
 */
export async function fetchMe({ signIn, api }: Account): Promise<Me | null> {
  return (await signIn.token()) === null ? null : meOf(await api.call('GET', '/users/me'));
}

/** @throws ApiError */
export async function changeMe({ api }: Account, change: { readonly name: string | null }): Promise<Me> {
  return meOf(await api.call('PATCH', '/users/me', change));
}

function meOf(body: unknown): Me {
  const { preferences } = fieldsOf(body);
  return { ...withTexts<Me>(body, ['id']), preferences: (preferences ?? {}) as Me['preferences'] };
}

const RETURN = 'parley.signIn.return';

/** Where to go on once the issuer has sent somebody back. */
export function rememberPlace(path: string): void {
  try {
    sessionStorage.setItem(RETURN, path);
  } catch {
    // Storage forbidden: then nobody can sign in either, and the start page is as good.
  }
}

/** Taken once: another sign-in goes where it was begun. */
export function takePlace(): string {
  try {
    const path = sessionStorage.getItem(RETURN) ?? '/';
    sessionStorage.removeItem(RETURN);
    // Of this app alone: `//host` would be another one's.
    return /^\/(?!\/)/.test(path) ? path : '/';
  } catch {
    return '/';
  }
}
