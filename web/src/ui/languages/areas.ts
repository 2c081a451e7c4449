/**
 * Words of parts of the app, each part in a namespace of its own: English comes with the part, other languages are
 * loaded when they are spoken.
 */
import i18next from 'i18next';
import '../i18n.ts';

/** The same keys with other texts. */
export type WordsLike<Value> = {
  readonly [Key in keyof Value]: Value[Key] extends string ? string : WordsLike<Value[Key]>;
};

export type Loaders<Words> = Readonly<Record<string, () => Promise<WordsLike<Words>>>>;

interface Area {
  readonly english: object;
  readonly others: Readonly<Record<string, () => Promise<object>>>;
}

const areas = new Map<string, Area>();
const loading = new Map<string, Promise<void>>();

/** Makes a part's words known. Returns the namespace that its components name. */
export function addArea<Words extends object>(
  namespace: string,
  english: Words,
  others: Loaders<Words>,
): string {
  areas.set(namespace, { english, others });
  i18next.addResourceBundle('en', namespace, english);
  void load(namespace, i18next.language);
  return namespace;
}

/** The words of every part that is there, in a language; those that cannot be loaded stay English. */
export async function loadAreas(language: string = i18next.language): Promise<void> {
  await Promise.all([...areas.keys()].map((namespace) => load(namespace, language)));
}

/** Every part that was made known, with its languages. */
export function knownAreas(): ReadonlyMap<string, Area> {
  return areas;
}

function load(namespace: string, language: string): Promise<void> {
  const ask = areas.get(namespace)?.others[language];
  if (ask === undefined) return Promise.resolve();
  const key = `${language} ${namespace}`;
  const begun =
    loading.get(key) ??
    ask().then(
      (words) => {
        i18next.addResourceBundle(language, namespace, words);
      },
      (error: unknown) => {
        // Offline, or a page that is older than the server: the next part, or the next choice, asks again.
        console.warn('words could not be loaded', error);
        loading.delete(key);
      },
    );
  loading.set(key, begun);
  return begun;
}
