/**
 * Checks of JSON values that came from outside, as small functions that combine.
 *
 * Owns no message; a failed check throws Malformed, which only parse.ts may catch. Fields that are not asked for are
 * left out, so that a newer node can say more without breaking an older client; so is what only a newer node knows, where a
 * message says something without it.
 */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** A word that a newer node may have. Where nothing safe can be read in its place, the message is as good as malformed. */
export class Unknown extends Malformed {}

/** What of the message that is read now was left out. One at a time: reading never waits. */
let unread: string[] = [];

/** Reads, and says what was left out on the way. */
export function readingOf<T>(read: () => T): { readonly value: T; readonly unread: readonly string[] } {
  unread = [];
  const value = read();
  return { value, unread };
}

export type Decoder<T> = (value: unknown, path: string) => T;

export function string(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new Malformed(`${path} must be a string`);
  return value;
}

export function boolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new Malformed(`${path} must be true or false`);
  return value;
}

export function number(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Malformed(`${path} must be a number`);
  return value;
}

export function positiveInteger(value: unknown, path: string): number {
  const checked = number(value, path);
  if (!Number.isSafeInteger(checked) || checked < 1)
    throw new Malformed(`${path} must be a positive integer`);
  return checked;
}

export function wholeNumber(value: unknown, path: string): number {
  const checked = number(value, path);
  if (!Number.isSafeInteger(checked) || checked < 0) throw new Malformed(`${path} must be an integer >= 0`);
  return checked;
}

export function record(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Malformed(`${path} must be an object`);
  }
  return value as Record<string, unknown>;
}

export function oneOf<const T extends readonly string[]>(...allowed: T): Decoder<T[number]> {
  return (value, path) => {
    const reason = `${path} must be one of ${allowed.join(', ')}`;
    if (typeof value !== 'string') throw new Malformed(reason);
    if (!allowed.includes(value)) throw new Unknown(reason);
    return value;
  };
}

/** A word that is not known is read as one that does no harm. */
export function known<T>(inner: Decoder<T>, otherwise: T): Decoder<T> {
  return (value, path) => leavingOut(() => inner(value, path), otherwise);
}

/** Items that hold a word that is not known are left out. */
export function listOfKnown<T>(item: Decoder<T>): Decoder<readonly T[]> {
  const items = listOf((value, path) => leavingOut(() => [item(value, path)], []));
  return (value, path) => items(value, path).flat();
}

function leavingOut<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    unread.push(error.message);
    return otherwise;
  }
}

export function listOf<T>(item: Decoder<T>): Decoder<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new Malformed(`${path} must be a list`);
    return value.map((element, index) => item(element, `${path}[${String(index)}]`));
  };
}

export function nullable<T>(inner: Decoder<T>): Decoder<T | null> {
  return (value, path) => (value === null ? null : inner(value, path));
}

interface Optional<T> {
  readonly optional: Decoder<T>;
}

/** Marks a field that may be absent; it is then absent in the result as well. */
export function optional<T>(inner: Decoder<T>): Optional<T> {
  return { optional: inner };
}

type Fields = Readonly<Record<string, Decoder<unknown> | Optional<unknown>>>;
type RequiredNames<F extends Fields> = {
  [K in keyof F]: F[K] extends Optional<unknown> ? never : K;
}[keyof F];
type OptionalNames<F extends Fields> = Exclude<keyof F, RequiredNames<F>>;

export type Decoded<F extends Fields> = {
  readonly [K in RequiredNames<F>]: F[K] extends Decoder<infer T> ? T : never;
} & {
  readonly [K in OptionalNames<F>]?: F[K] extends Optional<infer T> ? T : never;
};

export function object<const F extends Fields>(fields: F): Decoder<Decoded<F>> {
  return (value, path) => {
    const source = record(value, path);
    const result: Record<string, unknown> = {};
    for (const [name, decoder] of Object.entries(fields)) {
      const field = source[name];
      if (typeof decoder === 'function') result[name] = decoder(field, `${path}.${name}`);
      else if (field !== undefined) result[name] = decoder.optional(field, `${path}.${name}`);
    }
    return result as Decoded<F>;
  };
}
