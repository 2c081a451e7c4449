/** The namespace of the words of recordings; naming it is what brings them. */
import { addArea } from '../languages/areas.ts';
import { en } from '../languages/recordings/en.ts';

export const WORDS = addArea('recordings', en, {
  de: async () => (await import('../languages/recordings/de.ts')).de,
  fr: async () => (await import('../languages/recordings/fr.ts')).fr,
  es: async () => (await import('../languages/recordings/es.ts')).es,
});
