/** The namespace of the words inside a meeting; naming it is what brings them. */
import { addArea } from '../languages/areas.ts';
import { en } from '../languages/live/en.ts';

export const LIVE = addArea('live', en, {
  de: async () => (await import('../languages/live/de.ts')).de,
  fr: async () => (await import('../languages/live/fr.ts')).fr,
  es: async () => (await import('../languages/live/es.ts')).es,
});
