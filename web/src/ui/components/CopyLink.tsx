import { Check, Link } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';

/** Long enough to be read, short enough to be copied again. */
const SHOWN_MS = 2_000;

export function CopyLink({
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
    // Where the clipboard is forbidden, the address bar still shows the same link.
    navigator.clipboard.writeText(`${location.origin}/m/${code}`).then(
      () => {
        setCopied(true);
      },
      () => undefined,
    );
  };

  return (
    <Button className={`button copy ${isPrimary ? 'primary' : ''}`} onPress={copy}>
      {isCopied ? <Check aria-hidden /> : <Link aria-hidden />}
      <span aria-live="polite">
        {isCopied ? t('meeting.copied') : isPrimary ? t('meeting.copyLink') : code}
      </span>
    </Button>
  );
}
