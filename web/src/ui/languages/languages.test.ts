import i18next from 'i18next';
import { describe, expect, it, vi } from 'vitest';
import { en } from '../en.ts';
import '../admin/words.ts';
import '../frame/words.ts';
import '../live/words.ts';
import '../network/words.ts';
import '../own/words.ts';
import '../recordings/words.ts';
import { addArea, knownAreas, loadAreas } from './areas.ts';
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

describe.each([...knownAreas()])('the words of %s', (_, { english: own, others }) => {
  it('have the keys and names of English in every language', async () => {
    const wanted = textsOf(own as Tree);
    expect(Object.keys(others).sort()).toEqual(
      Object.keys(LANGUAGES)
        .filter((language) => language !== 'en')
        .sort(),
    );
    for (const load of Object.values(others)) {
      const texts = textsOf((await load()) as Tree);
      expect([...texts.keys()].sort()).toEqual([...wanted.keys()].sort());
      for (const [key, text] of texts) {
        expect([key, placeholders(text)]).toEqual([key, placeholders(wanted.get(key) ?? '')]);
        expect(text.trim()).not.toBe('');
      }
    }
  });
});

describe('a part of the app', () => {
  it('speaks English where its words cannot be loaded, and asks again', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const load = vi
      .fn<() => Promise<{ hello: string }>>()
      .mockRejectedValueOnce(new Error('offline'))
      .mockResolvedValue({ hello: 'Bonjour' });
    addArea('hello', { hello: 'Hello' }, { fr: load });
    await loadAreas('fr');
    const say = i18next.getFixedT('fr', 'hello');
    expect([say('hello'), warn.mock.calls.length]).toEqual(['Hello', 1]);
    await Promise.all([loadAreas('fr'), loadAreas('fr')]);
    await loadAreas('fr');
    expect([say('hello'), load.mock.calls.length]).toEqual(['Bonjour', 2]);
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
