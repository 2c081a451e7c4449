/** The namespace of the words about networks and devices; naming it is what brings them. */
import { addArea } from '../languages/areas.ts';
import { en } from '../languages/network/en.ts';

export const WORDS = addArea('network', en, {
  de: async () => (await import('../languages/network/de.ts')).de,
  fr: async () => (await import('../languages/network/fr.ts')).fr,
  es: async () => (await import('../languages/network/es.ts')).es,
});
