import { Check, Link } from 'lucide-react';
import { memo, useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { showToast } from './toasts.ts';

/** Long enough to be read, short enough to be copied again. */
const SHOWN_MS = 2_000;

export const CopyLink = memo(function CopyLink({
  code,
  isPrimary = false,
}: {
  readonly code: string;
  readonly isPrimary?: boolean;
}): ReactNode {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);

  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => {
      setCopied(false);
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [isCopied]);

  const copy = (): void => {
    const address = `${location.origin}/m/${code}`;
    writeToClipboard(address).then(
      () => {
        setCopied(true);
      },
      () => {
        showToast(t('meeting.copyYourself', { address }));
      },
    );
  };

  const invitation = isPrimary ? t('meeting.copyLink') : t('meeting.copyLinkTo', { code });
  return (
    <>
      <Button
        className={`button copy ${isPrimary ? 'primary' : ''}`}
        onPress={copy}
        aria-label={isCopied ? t('meeting.copied') : invitation}
      >
        {isCopied ? <Check aria-hidden /> : <Link aria-hidden />}
        <span>{isCopied ? t('meeting.copied') : isPrimary ? t('meeting.copyLink') : code}</span>
      </Button>
      <span className="visually-hidden" role="status">
        {isCopied ? t('meeting.copied') : ''}
      </span>
    </>
  );
});

/** Pages without a secure address have no clipboard, whatever the types say: the promise is then refused. */
async function writeToClipboard(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}
