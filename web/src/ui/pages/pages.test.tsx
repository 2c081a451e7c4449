// @vitest-environment jsdom
import { fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { stubPage } from '../testing/page.ts';
import { LeftPage } from './LeftPage.tsx';
import { NoticePage } from './NoticePage.tsx';
import { StartPage } from './StartPage.tsx';

stubPage();

const ignore = (): void => undefined;
const press = (name: string) => userEvent.click(screen.getByRole('button', { name }));

describe('the start page', () => {
  it('takes a pasted link and goes to its meeting', async () => {
    const onCode = vi.fn();
    render(<StartPage onCode={onCode} onGo={() => undefined} />);
    await userEvent.type(
      screen.getByLabelText('Meeting code or link'),
      'https://parley.test/m/ABC-defg-hij{Enter}',
    );
    expect(onCode).toHaveBeenCalledWith('abc-defg-hij');
  });

  it('says what a code looks like when it was given something else', async () => {
    const onCode = vi.fn();
    render(<StartPage onCode={onCode} onGo={() => undefined} />);
    await userEvent.type(screen.getByLabelText('Meeting code or link'), 'hello{Enter}');
    expect(screen.getByText('A code looks like abc-defg-hij.')).toBeDefined();
    expect(onCode).not.toHaveBeenCalled();
  });

  it('says that there is no network, for as long as there is none', () => {
    const network = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
    render(<StartPage onCode={ignore} onGo={ignore} />);
    expect(screen.getByRole('status').textContent).toContain('You are offline');
    network.mockReturnValue(true);
    fireEvent(window, new Event('online'));
    expect(screen.getByRole('status').textContent).toBe('');
    network.mockReturnValue(false);
    fireEvent(window, new Event('offline'));
    expect(screen.getByRole('status').textContent).toContain('As soon as your network is back');
  });
});

describe('the page after a meeting', () => {
  it('offers to come back', async () => {
    const onAgain = vi.fn();
    render(<LeftPage reason="left" onAgain={onAgain} onHome={ignore} />);
    await press('Join again');
    expect(onAgain).toHaveBeenCalledOnce();
  });

  it('does not send somebody back who was removed', () => {
    render(<LeftPage reason="removed" onAgain={ignore} onHome={ignore} />);
    expect(screen.queryByRole('button', { name: 'Join again' })).toBeNull();
  });
});

describe('a notice', () => {
  it.each([
    ['meeting_full', 'The meeting is full', true],
    ['no_capacity', 'No room right now', true],
    ['unreachable', 'Parley cannot be reached', true],
    ['server_error', 'That did not work', true],
    ['meeting_not_found', 'No such meeting', false],
    ['browser_unsupported', 'This browser cannot hold a meeting', false],
  ] as const)('for %s says "%s"', (code, title, canRetry) => {
    render(<NoticePage code={code} onRetry={ignore} onHome={ignore} />);
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(title);
    expect(screen.queryByRole('button', { name: 'Try again' }) !== null).toBe(canRetry);
  });

  it('tells a missing network from a missing Parley', () => {
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);
    render(<NoticePage code="unreachable" onRetry={ignore} onHome={ignore} />);
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('You are offline');
  });
});
