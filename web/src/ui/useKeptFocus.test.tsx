// @vitest-environment jsdom
import { cleanup, render, screen } from '@testing-library/react';
import { useRef, type ReactNode } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { useKeptFocus } from './useKeptFocus.ts';

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

interface PageProps {
  readonly shown: readonly string[];
  readonly disabled?: string;
  /** Whether the buttons stand in the other place. */
  readonly isMoved?: boolean;
}

function Page({ shown, disabled, isMoved = false }: PageProps): ReactNode {
  const page = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useKeptFocus(page, heading);
  const buttons = shown.map((name) => (
    <button key={name} data-same={name} disabled={name === disabled}>
      {name}
    </button>
  ));
  return (
    <main ref={page}>
      <h1 ref={heading} tabIndex={-1}>
        Meeting
      </h1>
      {isMoved ? <aside>{buttons}</aside> : <div>{buttons}</div>}
    </main>
  );
}

const focusOn = (name: string): void => {
  screen.getByRole('button', { name }).focus();
};
/** Changes of a page are seen one step later. */
const focused = async (): Promise<string | null | undefined> => {
  await Promise.resolve();
  return document.activeElement?.textContent;
};

describe('the focus', () => {
  it('begins at the heading, unless it is somewhere already', async () => {
    render(<Page shown={[]} />);
    expect(await focused()).toBe('Meeting');
    cleanup();
    const other = document.body.appendChild(document.createElement('button'));
    other.focus();
    render(<Page shown={[]} />);
    expect(document.activeElement).toBe(other);
    other.remove();
  });

  it('goes back to where it was, past all that is gone or takes none', async () => {
    const { rerender } = render(<Page shown={['one', 'two', 'three', 'four']} />);
    for (const name of ['one', 'two', 'three', 'four']) focusOn(name);
    rerender(<Page shown={['one', 'two']} disabled="two" />);
    expect(await focused()).toBe('one');
    rerender(<Page shown={[]} />);
    expect(await focused()).toBe('Meeting');
  });

  it('stays nowhere where somebody put it there', async () => {
    vi.spyOn(document, 'hasFocus').mockReturnValue(true);
    const { rerender } = render(<Page shown={['one', 'two']} />);
    for (const name of ['one', 'two']) focusOn(name);
    screen.getByRole('button', { name: 'two' }).blur();
    await Promise.resolve();
    rerender(<Page shown={['one']} />);
    await focused();
    expect(document.activeElement).toBe(document.body);
  });

  it('follows what moves to another place of the page', async () => {
    const { rerender } = render(<Page shown={['one', 'two']} />);
    for (const name of ['one', 'two']) focusOn(name);
    rerender(<Page shown={['one', 'two']} isMoved />);
    expect(await focused()).toBe('two');
  });

  it('stays where somebody put it meanwhile, also nowhere', async () => {
    const { rerender } = render(<Page shown={['one', 'two']} />);
    focusOn('one');
    focusOn('two');
    rerender(<Page shown={['two']} />);
    expect(await focused()).toBe('two');
    screen.getByRole('button', { name: 'two' }).blur();
    rerender(<Page shown={['two', 'three']} />);
    await Promise.resolve();
    expect(document.activeElement).toBe(document.body);
  });
});
