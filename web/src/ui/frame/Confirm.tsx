/** Asks before something that cannot be taken back, and stays open to say why it was refused. */
import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { PageDialog } from '../components/MeetingDialog.tsx';
import { useFailureWords } from './Notice.tsx';
import { WORDS } from './words.ts';

interface ConfirmProps {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly onYes: () => Promise<void>;
  readonly onClose: () => void;
}

export function Confirm({ title, text, yes, onYes, onClose }: ConfirmProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const failureWords = useFailureWords();
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const act = (): void => {
    setBusy(true);
    setProblem(null);
    onYes().then(onClose, (error: unknown) => {
      setBusy(false);
      setProblem(failureWords(error));
    });
  };
  return (
    <PageDialog title={title} role="alertdialog" onClose={onClose}>
      <p>{text}</p>
      {problem !== null && <p role="alert">{problem}</p>}
      <div className="dialog-actions">
        <Button className="button" onPress={onClose} autoFocus>
          {t('back')}
        </Button>
        <Button className="button destructive" onPress={act} isDisabled={isBusy}>
          {yes}
        </Button>
      </div>
    </PageDialog>
  );
}
