/**
 * SignIn: people sign in with the issuer that the API names, and this tab keeps their access token.
 *
 * Owns the authorization code flow with PKCE, from the redirect to the token, and its renewal where the issuer gives a
 * refresh token. Knows nothing of meetings. What it keeps lives as long as the tab.
 * Source: RFC 6749 sections 4.1 and 6, RFC 7636 (S256), RFC 9207 (issuer in the answer), RFC 9700 sections 2.1, 4.14.
 */
import { ApiError } from './errors.ts';

/** Where the issuer sends people back to. */
export const SIGN_IN_PATH = '/sign-in';

export interface SignInOptions {
  readonly apiUrl: string;
  /** Of the app, such as `https://parley.example`. */
  readonly origin: string;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
  readonly goTo: (url: string) => void;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

interface Place {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
}

interface Begun {
  readonly state: string;
  readonly verifier: string;
  readonly place: Place;
}

interface Kept {
  readonly token: string;
  readonly expiresAt: number;
  /** Null where the issuer gave none: then the person signs in again. */
  readonly refreshToken: string | null;
  readonly place: Place;
}

const BEGUN = 'parley.signIn.begun';
const KEPT = 'parley.signIn.token';
/** A token that would run out on its way is not sent. */
const MARGIN_MS = 30_000;
const TIMEOUT_MS = 10_000;

export class SignIn {
  readonly #options: SignInOptions;
  readonly #fetch: typeof fetch;
  readonly #now: () => number;
  /** One renewal at a time: each refresh token is used once. */
  #renewal: Promise<string | null> | null = null;

  constructor(options: SignInOptions) {
    this.#options = options;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#now = options.now ?? (() => Date.now());
  }

  /** Whether somebody signed in in this tab, as far as is known here. */
  isSignedIn(): boolean {
    const kept = this.#kept();
    return kept !== null && (this.#isGood(kept) || kept.refreshToken !== null);
  }

  /** The access token of whoever signed in in this tab, renewed if it has run out; null for nobody, or no longer. */
  async token(): Promise<string | null> {
    const kept = this.#kept();
    if (kept === null || this.#isGood(kept)) return kept?.token ?? null;
    const { refreshToken, place } = kept;
    if (refreshToken === null) return null;
    this.#renewal ??= this.#renew(refreshToken, place).finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  /**
   * Whether there is an issuer to sign in with.
   * @throws ApiError
   */
  async isOffered(): Promise<boolean> {
    return (await this.#place()) !== null;
  }

  /**
   * Leaves the page for the issuer's.
   * @throws ApiError
   */
  async begin(): Promise<void> {
    const place = await this.#place();
    if (place === null) throw new ApiError('unexpected', 'nobody can sign in here', { status: 404 });
    const begun: Begun = { state: randomText(), verifier: randomText(), place };
    this.#save(BEGUN, begun);
    const url = new URL(place.authorizationEndpoint);
    const fields = {
      response_type: 'code',
      client_id: place.clientId,
      redirect_uri: this.#options.origin + SIGN_IN_PATH,
      scope: place.scope,
      state: begun.state,
      code_challenge: await challengeOf(begun.verifier),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
    this.#options.goTo(url.toString());
  }

  /**
   * Takes what the issuer sent along; each answer is taken once, and only one that this tab asked for.
   * @throws ApiError
   */
  async complete(answer: URLSearchParams): Promise<void> {
    const begun = this.#load(BEGUN) as Begun | null;
    this.#forget(BEGUN);
    const issuer = answer.get('iss');
    if (begun?.state !== answer.get('state') || (issuer !== null && issuer !== begun.place.issuer)) {
      throw new ApiError('unauthorized', 'this answer belongs to no sign-in of this tab', { status: 0 });
    }
    const code = answer.get('code');
    if (code === null) {
      throw new ApiError('unauthorized', `the issuer answered ${String(answer.get('error'))}`, { status: 0 });
    }
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.#options.origin + SIGN_IN_PATH,
      client_id: begun.place.clientId,
      code_verifier: begun.verifier,
    });
    await this.#grant(begun.place, body, null);
  }

  /**
   * Who signed in.
   * @throws ApiError
   */
  async fetchName(): Promise<string | null> {
    const headers = { Authorization: `Bearer ${String(await this.token())}` };
    const me = await this.#json(`${this.#options.apiUrl}/users/me`, { headers });
    return typeof me['name'] === 'string' ? me['name'] : null;
  }

  /** Forgets the token; the issuer may go on knowing the person. */
  end(): void {
    this.#forget(KEPT);
  }

  /** A refusal is final, no answer is not: then the next call tries again. */
  async #renew(refreshToken: string, place: Place): Promise<string | null> {
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: place.clientId,
    });
    try {
      return await this.#grant(place, body, refreshToken);
    } catch (cause) {
      if (!(cause instanceof ApiError) || cause.code === 'unauthorized') this.end();
      return null;
    }
  }

  /** Asks the issuer for tokens and keeps them. An issuer that does not rotate refresh tokens sends no new one. */
  async #grant(place: Place, body: URLSearchParams, refreshToken: string | null): Promise<string> {
    const granted = await this.#json(place.tokenEndpoint, { method: 'POST', body });
    const { access_token: token, expires_in: seconds, refresh_token: next } = granted;
    if (typeof token !== 'string' || typeof seconds !== 'number') throw unreadable();
    const kept: Kept = {
      token,
      expiresAt: this.#now() + seconds * 1000,
      refreshToken: typeof next === 'string' ? next : refreshToken,
      place,
    };
    this.#save(KEPT, kept);
    return token;
  }

  #kept(): Kept | null {
    return this.#load(KEPT) as Kept | null;
  }

  #isGood(kept: Kept): boolean {
    return kept.expiresAt - MARGIN_MS > this.#now();
  }

  async #place(): Promise<Place | null> {
    const { items } = await this.#json(`${this.#options.apiUrl}/sign-in`, {});
    if (!Array.isArray(items)) throw unreadable();
    return (items[0] as Place | undefined) ?? null;
  }

  async #json(url: string, init: RequestInit): Promise<Record<string, unknown>> {
    try {
      const answer = await this.#fetch(url, {
        ...init,
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!answer.ok) {
        const code = answer.status === 503 ? 'unreachable' : 'unauthorized';
        throw new ApiError(code, `signing in failed with ${String(answer.status)}`, {
          status: answer.status,
        });
      }
      const body: unknown = await answer.json();
      if (typeof body !== 'object' || body === null) throw unreadable();
      return body as Record<string, unknown>;
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw new ApiError('unreachable', 'there was no answer to signing in', { status: 0, cause });
    }
  }

  #load(name: string): unknown {
    try {
      return JSON.parse(this.#options.storage?.getItem(name) ?? 'null');
    } catch {
      // Storage forbidden by policy: nobody is signed in.
      return null;
    }
  }

  #save(name: string, value: object): void {
    try {
      this.#options.storage?.setItem(name, JSON.stringify(value));
    } catch {
      // As above.
    }
  }

  #forget(name: string): void {
    try {
      this.#options.storage?.removeItem(name);
    } catch {
      // As above.
    }
  }
}

/** 256 random bits, as RFC 7636 section 7.1 asks for. */
function randomText(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

export async function challengeOf(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function unreadable(): ApiError {
  return new ApiError('unexpected', 'the answer is not what was to come', { status: 200 });
}
