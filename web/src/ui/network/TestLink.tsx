import { Activity } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { pathOf } from '../route.ts';

/** To the connection test; `from` is the meeting at whose door one stands. */
export function TestLink({ from }: { readonly from?: string }): ReactNode {
  const { t } = useTranslation();
  return (
    <a className="test-link" href={pathOf({ kind: 'test', ...(from !== undefined && { from }) })}>
      <Activity aria-hidden /> {t('network.test')}
    </a>
  );
}
