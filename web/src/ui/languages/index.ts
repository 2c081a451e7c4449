/** The languages of the app. English is always there; the others are loaded when they are chosen. */
import type { en } from '../en.ts';
import type { WordsLike } from './areas.ts';

/** The same words in another language: the same keys, any text. */
export type Words = WordsLike<typeof en>;

interface Language {
  /** As its speakers call it. */
  readonly name: string;
  /** Null for the one that is there anyway. */
  readonly load: (() => Promise<Words>) | null;
}

export const LANGUAGES: Readonly<Record<string, Language>> = {
  en: { name: 'English', load: null },
  fr: { name: 'Français', load: async () => (await import('./fr.ts')).fr },
  de: { name: 'Deutsch', load: async () => (await import('./de.ts')).de },
  es: { name: 'Español', load: async () => (await import('./es.ts')).es },
};

/** The first language that is wished for and known: `de-AT` is served with `de`. English otherwise. */
export function languageOf(chosen: string | null, wished: readonly string[]): string {
  const wishes = chosen === null ? wished : [chosen, ...wished];
  for (const wish of wishes) {
    const [language = ''] = wish.toLowerCase().split('-');
    if (Object.hasOwn(LANGUAGES, language)) return language;
  }
  return 'en';
}

const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur']);

export function directionOf(language: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(language.split('-')[0] ?? '') ? 'rtl' : 'ltr';
}
