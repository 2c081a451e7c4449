/** The namespace of the words of the administration. */
import { addArea } from '../languages/areas.ts';
import { en } from '../languages/admin/en.ts';

export const WORDS = addArea('admin', en, {
  de: async () => (await import('../languages/admin/de.ts')).de,
  fr: async () => (await import('../languages/admin/fr.ts')).fr,
  es: async () => (await import('../languages/admin/es.ts')).es,
});
