import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export function Wordmark(): ReactNode {
  const { t } = useTranslation();
  return (
    <span className="wordmark">
      <img src="/favicon.svg" alt="" width="32" height="32" />
      {t('brand')}
    </span>
  );
}
