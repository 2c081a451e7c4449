/** The namespace of what all pages of somebody who signed in say. */
import { addArea } from '../languages/areas.ts';
import { en } from '../languages/frame/en.ts';

export const WORDS = addArea('frame', en, {
  de: async () => (await import('../languages/frame/de.ts')).de,
  fr: async () => (await import('../languages/frame/fr.ts')).fr,
  es: async () => (await import('../languages/frame/es.ts')).es,
});
