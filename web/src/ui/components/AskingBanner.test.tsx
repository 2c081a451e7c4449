// @vitest-environment jsdom
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { stubPage } from '../testing/page.ts';
import { AskingBanner } from './AskingBanner.tsx';

stubPage();

describe('a banner that wants an answer', () => {
  it('has its words first, then what one would do, then how one would rather not', async () => {
    const [yes, no] = [vi.fn(), vi.fn()];
    render(
      <AskingBanner
        text="Shall we?"
        yes={{ label: 'Yes', onPress: yes, autoFocus: true }}
        no={{ label: 'Not now', onPress: no }}
      />,
    );
    const banner = screen.getByText('Shall we?').parentElement;
    expect([...(banner?.children ?? [])].map((part) => part.textContent.trim())).toEqual([
      'Shall we?',
      'Yes',
      'Not now',
    ]);
    expect(document.activeElement?.textContent).toContain('Yes');
    await userEvent.click(screen.getByRole('button', { name: 'Not now' }));
    await userEvent.click(screen.getByRole('button', { name: 'Yes' }));
    // With nothing: what is done is not to take the press for what it can be told.
    expect([yes, no].map((answer) => answer.mock.calls)).toEqual([[[]], [[]]]);
  });

  it('may have one answer alone', () => {
    render(<AskingBanner text="The recording has a problem." no={{ label: 'Close', onPress: vi.fn() }} />);
    expect(screen.getAllByRole('button').map(({ textContent }) => textContent.trim())).toEqual(['Close']);
  });
});
