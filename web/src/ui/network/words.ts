/** The namespace of the words about networks and devices; naming it is what brings them. */
import { addArea } from '../languages/areas.ts';
import { english } from './english.ts';

export const WORDS = addArea('network', english, {
  de: async () => (await import('./translations.ts')).german,
  fr: async () => (await import('./translations.ts')).french,
  es: async () => (await import('./translations.ts')).spanish,
});
