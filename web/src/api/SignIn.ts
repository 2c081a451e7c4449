/**
 * SignIn: people sign in with the issuer that the API names, and this tab keeps their access token.
 *
 * Owns the authorization code flow with PKCE, from the redirect to the token. Knows nothing of meetings. The token
 * lives as long as the tab; there is no refresh: who signed in an hour ago signs in again.
 * Source: RFC 6749 section 4.1, RFC 7636 (S256), RFC 9207 (issuer in the answer), RFC 9700 section 2.1.
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

  constructor(options: SignInOptions) {
    this.#options = options;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#now = options.now ?? (() => Date.now());
  }

  /** The access token of whoever signed in in this tab; null for nobody, or no longer. */
  token(): string | null {
    const kept = this.#load(KEPT) as Kept | null;
    if (kept === null || kept.expiresAt - MARGIN_MS <= this.#now()) return null;
    return kept.token;
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
    const granted = await this.#json(begun.place.tokenEndpoint, { method: 'POST', body });
    const { access_token: token, expires_in: seconds } = granted;
    if (typeof token !== 'string' || typeof seconds !== 'number') throw unreadable();
    this.#save(KEPT, { token, expiresAt: this.#now() + seconds * 1000 } satisfies Kept);
  }

  /**
   * Who signed in.
   * @throws ApiError
   */
  async fetchName(): Promise<string | null> {
    const headers = { Authorization: `Bearer ${String(this.token())}` };
    const me = await this.#json(`${this.#options.apiUrl}/users/me`, { headers });
    return typeof me['name'] === 'string' ? me['name'] : null;
  }

  /** Forgets the token; the issuer may go on knowing the person. */
  end(): void {
    this.#forget(KEPT);
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
