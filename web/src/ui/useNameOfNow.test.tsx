// @vitest-environment jsdom
import { renderHook } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { person } from './demo/FakeMeeting.ts';
import { nameAt, useSession } from './session.ts';
import { stubPage } from './testing/page.ts';
import { useNameOfNow } from './useNameOfNow.ts';

stubPage();

describe('the name in a meeting', () => {
  beforeEach(() => {
    useSession.setState({ displayName: ' Ada ' });
  });

  const nameIn = (meeting: string) => nameAt(meeting)(useSession.getState()).trim();
  /** In meeting `abc`, called this and then that. */
  const calledOneAfterTheOther = (...names: readonly string[]) => {
    const self = (name: string | undefined) => (name === undefined ? null : person(name, { isSelf: true }));
    const { rerender } = renderHook(
      ({ name }: { readonly name: string | undefined }) => {
        useNameOfNow('abc', self(name));
      },
      { initialProps: { name: undefined as string | undefined } },
    );
    for (const name of names) rerender({ name });
  };

  it('is kept for this meeting alone when a host has changed it', () => {
    calledOneAfterTheOther('Ada', 'Ada of Tea');
    expect([nameIn('abc'), nameIn('xyz')]).toEqual(['Ada of Tea', 'Ada']);
    expect(localStorage.getItem('parley.name')).toBeNull();
  });

  it('is the own one again when it is as one typed it', () => {
    calledOneAfterTheOther('Ada', 'Ada of Tea', 'Ada');
    expect(useSession.getState().givenNames).toEqual({});
  });

  it('is the own one everywhere when one has changed it oneself, whichever is known first', () => {
    calledOneAfterTheOther('Ada', 'Countess');
    useSession.getState().setDisplayName('Countess');
    calledOneAfterTheOther('Countess');
    expect([nameIn('abc'), nameIn('xyz')]).toEqual(['Countess', 'Countess']);
    expect(useSession.getState().givenNames).toEqual({});
  });

  it('is not known before one is in', () => {
    useSession.setState({ givenNames: { abc: 'Ada of Tea' } });
    calledOneAfterTheOther();
    expect(nameIn('abc')).toBe('Ada of Tea');
  });
});
