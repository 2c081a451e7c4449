// @vitest-environment jsdom
import { act, render, screen } from '@testing-library/react';
import i18next from 'i18next';
import type { ReactNode } from 'react';
import { useLocale } from 'react-aria-components';
import { expect, it } from 'vitest';
import './i18n.ts';
import { InLanguage } from './InLanguage.tsx';

function Told(): ReactNode {
  const { locale, direction } = useLocale();
  return `${locale} ${direction}`;
}

it('tells every control the language of the app and where its text begins', async () => {
  render(
    <InLanguage>
      <Told />
    </InLanguage>,
  );
  expect(screen.getByText('en ltr')).toBeDefined();
  for (const [language, told] of [
    ['de', 'de ltr'],
    ['he', 'he rtl'],
  ] as const) {
    await act(() => i18next.changeLanguage(language));
    expect(screen.getByText(told)).toBeDefined();
  }
});
