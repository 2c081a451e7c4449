import { describe, expect, it } from 'vitest';
import { person } from './demo/FakeMeeting.ts';
import { handQueue, search } from './people.ts';

const names = (people: readonly { readonly displayName: string }[]) =>
  people.map(({ displayName }) => displayName);

describe('the list of people', () => {
  const people = [person('Zoë Ångström'), person('Tomás Herrera'), person('Ada')];

  it('is searched by any part of a name, whatever accents and case', () => {
    expect(names(search(people, 'ANGS'))).toEqual(['Zoë Ångström']);
    expect(names(search(people, ' tomas '))).toEqual(['Tomás Herrera']);
    expect(search(people, '')).toBe(people);
    expect(search(people, '(')).toEqual([]);
  });

  it('has raised hands in the order in which they went up, those of older nodes last', () => {
    const raised = (name: string, handNumber: number | null) =>
      person(name, { isHandRaised: true, handNumber });
    const queue = handQueue([raised('Old', null), raised('Late', 9), person('Down'), raised('Early', 2)]);
    expect(names(queue)).toEqual(['Early', 'Late', 'Old']);
  });
});
