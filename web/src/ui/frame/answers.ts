/** Checks what the API answered, as far as the pages around meetings rely on it. Pure. */
import { ApiError } from '../../meeting/index.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** A page of a list, and where the next one begins. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export function fieldsOf(body: unknown): Fields {
  if (typeof body !== 'object' || body === null) throw unreadable();
  return body as Fields;
}

/**
 * Of one thing that has these texts; anything else is the API's mistake.
 * @throws ApiError
 */
export function withTexts<Thing>(body: unknown, names: readonly (keyof Thing & string)[]): Thing {
  const fields = fieldsOf(body);
  if (!names.every((name) => typeof fields[name] === 'string')) throw unreadable();
  return body as Thing;
}

/** @throws ApiError */
export function pageOf<Item>(body: unknown, names: readonly (keyof Item & string)[]): Page<Item> {
  const { items, nextCursor } = fieldsOf(body);
  if (!Array.isArray(items)) throw unreadable();
  return {
    items: items.map((item) => withTexts<Item>(item, names)),
    nextCursor: typeof nextCursor === 'string' ? nextCursor : null,
  };
}

/** `?limit=20&cursor=…`, without what is null. */
export function queryOf(fields: Readonly<Record<string, string | number | null>>): string {
  const said = Object.entries(fields).filter(([, value]) => value !== null);
  return `?${new URLSearchParams(said.map(([name, value]) => [name, String(value)])).toString()}`;
}

/** The first pages of a list, as one. */
export async function readPages<Item>(
  read: (cursor: string | null) => Promise<Page<Item>>,
  pages: number,
): Promise<Page<Item>> {
  let listed: Page<Item> = { items: [], nextCursor: null };
  for (let page = 0; page < pages; page += 1) {
    const next = await read(listed.nextCursor);
    listed = { items: [...listed.items, ...next.items], nextCursor: next.nextCursor };
    if (next.nextCursor === null) break;
  }
  return listed;
}

export function unreadable(): ApiError {
  return new ApiError('unexpected', 'the API answered something else than its contract says', {
    status: 200,
  });
}
