import { ChevronLeft, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';

interface PagerProps {
  /** From 0. */
  readonly page: number;
  readonly pages: number;
  readonly onPage: (page: number) => void;
}

export function Pager({ page, pages, onPage }: PagerProps): ReactNode {
  const { t } = useTranslation();
  return (
    <nav className="pager" aria-label={t('meeting.pages')}>
      <Button
        aria-label={t('meeting.previousPage')}
        isDisabled={page === 0}
        onPress={() => {
          onPage(page - 1);
        }}
      >
        <ChevronLeft aria-hidden />
      </Button>
      <span aria-live="polite" dir="auto">
        {t('meeting.page', { page: page + 1, pages })}
      </span>
      <Button
        aria-label={t('meeting.nextPage')}
        isDisabled={page === pages - 1}
        onPress={() => {
          onPage(page + 1);
        }}
      >
        <ChevronRight aria-hidden />
      </Button>
    </nav>
  );
}
