import { describe, expect, it } from 'vitest';
import { en } from '../en.ts';
import { RECORDING_WORDS, english as recordings } from '../recordings/words.ts';
import { LANGUAGES, directionOf, languageOf } from './index.ts';

type Tree = { readonly [key: string]: string | Tree };

/** Dotted keys with their texts. */
function textsOf(words: Tree, path = ''): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(words).flatMap(([key, value]) =>
      typeof value === 'string' ? [[path + key, value] as const] : [...textsOf(value, `${path}${key}.`)],
    ),
  );
}

const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

const english = textsOf(en);

describe.each(Object.entries(LANGUAGES))('%s', (_, { load }) => {
  it('has the keys of English, no more and no fewer, each with a text', async () => {
    const texts = textsOf(load === null ? en : await load());
    expect([...texts.keys()].sort()).toEqual([...english.keys()].sort());
    expect([...texts].filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it('fills in the same names', async () => {
    for (const [key, text] of textsOf(load === null ? en : await load())) {
      expect([key, placeholders(text)]).toEqual([key, placeholders(english.get(key) ?? '')]);
    }
  });
});

describe.each(Object.keys(LANGUAGES))('%s of recordings', (language) => {
  it('has the keys and names of English', () => {
    const wanted = textsOf(recordings);
    const texts = textsOf(RECORDING_WORDS[language] ?? {});
    expect([...texts.keys()].sort()).toEqual([...wanted.keys()].sort());
    for (const [key, text] of texts) {
      expect([key, placeholders(text)]).toEqual([key, placeholders(wanted.get(key) ?? '')]);
    }
  });
});

describe('the language', () => {
  it('is the chosen one, else the first known of the browser, else English', () => {
    expect(languageOf('de', ['fr'])).toBe('de');
    expect(languageOf(null, ['pt-BR', 'es-MX', 'en'])).toBe('es');
    expect(languageOf('constructor', ['xx'])).toBe('en');
    expect(languageOf(null, [])).toBe('en');
  });

  it('says the direction in which it is written', () => {
    expect(directionOf('he')).toBe('rtl');
    expect(directionOf('de')).toBe('ltr');
  });
});
