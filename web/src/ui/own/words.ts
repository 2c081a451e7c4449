/** The namespace of the words about one's own meetings and settings. */
import { addArea } from '../languages/areas.ts';
import { en } from '../languages/own/en.ts';

export const WORDS = addArea('own', en, {
  de: async () => (await import('../languages/own/de.ts')).de,
  fr: async () => (await import('../languages/own/fr.ts')).fr,
  es: async () => (await import('../languages/own/es.ts')).es,
});
