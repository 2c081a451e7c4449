/** Names of controls of which a page has many: what is written on them, then whose they are (WCAG 2.2, 2.5.3). */
import { useTranslation } from 'react-i18next';
import { WORDS } from './words.ts';

export function useNamed(): (what: string, name: string) => string {
  const { t } = useTranslation(WORDS);
  return (what, name) => t('named', { what, name });
}
