import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { EndReason } from '../../meeting/index.ts';
import { Wordmark } from '../components/Wordmark.tsx';

interface LeftPageProps {
  readonly reason: EndReason;
  readonly onAgain: () => void;
  readonly onHome: () => void;
}

export function LeftPage({ reason, onAgain, onHome }: LeftPageProps): ReactNode {
  const { t } = useTranslation();
  const words = reason === 'nodeClosing' || reason === 'moved' ? 'ended' : reason;
  const canReturn = reason === 'left' || reason === 'replaced';
  return (
    <main className="notice">
      <Wordmark />
      <h1>{t(`left.${words}.title`)}</h1>
      <p className="lead">{t(`left.${words}.text`)}</p>
      <div className="actions">
        {canReturn && (
          <Button className="button primary" onPress={onAgain} autoFocus>
            {t('left.rejoin')}
          </Button>
        )}
        <Button className="button" onPress={onHome}>
          {t('left.home')}
        </Button>
      </div>
    </main>
  );
}
