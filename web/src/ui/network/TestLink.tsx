import { Activity } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '../frame/PageLink.tsx';
import type { Route } from '../route.ts';

interface TestLinkProps {
  /** The meeting at whose door one stands. */
  readonly from?: string;
  readonly onGo: (route: Route) => void;
}

/** To the connection test. */
export const TestLink = memo(function TestLink({ from, onGo }: TestLinkProps): ReactNode {
  const { t } = useTranslation();
  return (
    <PageLink className="test-link" to={{ kind: 'test', ...(from !== undefined && { from }) }} onGo={onGo}>
      <Activity aria-hidden /> {t('network.test')}
    </PageLink>
  );
});
