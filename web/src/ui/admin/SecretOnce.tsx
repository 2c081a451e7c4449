/** A secret, this once: Parley keeps none that it could show again. */
import { Check, Copy } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { PageDialog } from '../components/MeetingDialog.tsx';
import type { WithSecret } from './operation.ts';
import { WORDS } from './words.ts';

interface SecretOnceProps {
  readonly made: WithSecret;
  readonly onClose: () => void;
}

export function SecretOnce({ made, onClose }: SecretOnceProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const [said, setSaid] = useState<'copied' | 'copyFailed' | null>(null);
  const { secret } = made;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(secret ?? '');
  };
  return (
    <PageDialog title={t('secret.title')} onClose={onClose}>
      <p>{t(secret === null ? 'secret.lost' : 'secret.once')}</p>
      <p className="secret code">{made.id}</p>
      {secret !== null && <p className="secret code">{secret}</p>}
      <p role="status">{said === null ? '' : t(`secret.${said}`)}</p>
      <div className="dialog-actions">
        {secret !== null && (
          <Button
            className="button"
            onPress={() => {
              copy().then(
                () => {
                  setSaid('copied');
                },
                () => {
                  setSaid('copyFailed');
                },
              );
            }}
          >
            {said === 'copied' ? <Check aria-hidden /> : <Copy aria-hidden />} {t('secret.copy')}
          </Button>
        )}
        <Button className="button primary" onPress={onClose}>
          {t('secret.done')}
        </Button>
      </div>
    </PageDialog>
  );
}
