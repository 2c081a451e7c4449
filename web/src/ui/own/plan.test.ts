import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aMeeting } from './testing.ts';
import { changesOf, disputesOf, localOf, newPlan, planOf, problemsOf, wishesOf } from './plan.ts';

const NOW = Date.parse('2026-11-29T15:10:00Z');

describe('a plan', () => {
  it('begins with the next half hour, for an hour, open to guests', () => {
    const plan = newPlan(NOW);
    expect(new Date(plan.startsAt).toISOString()).toBe('2026-11-29T15:30:00.000Z');
    expect(new Date(plan.endsAt).toISOString()).toBe('2026-11-29T16:30:00.000Z');
    expect(problemsOf(plan, NOW)).toEqual({});
  });

  it('asks the API for what was filled in, and for nothing else', () => {
    const plan = { ...newPlan(NOW), title: '  Tea ', passcode: 'open sesame', maxParticipants: '12' };
    expect(wishesOf(plan)).toEqual({
      title: 'Tea',
      startsAt: '2026-11-29T15:30:00.000Z',
      endsAt: '2026-11-29T16:30:00.000Z',
      passcode: 'open sesame',
      maxParticipants: 12,
      waitingRoom: false,
      guests: true,
      recording: 'off',
    });
    const empty = { ...newPlan(NOW), startsAt: '', endsAt: '', region: 'eu-west-1' };
    expect(wishesOf(empty)).toEqual({
      region: 'eu-west-1',
      waitingRoom: false,
      guests: true,
      recording: 'off',
    });
  });

  it.each([
    [{ endsAt: '2026-01-01T10:00', startsAt: '' }, { endsAt: 'endsInPast' }],
    [{ startsAt: '2036-01-01T10:00', endsAt: '2036-01-01T10:00' }, { endsAt: 'endsBeforeStart' }],
    [{ startsAt: 'tomorrow' }, { startsAt: 'badTime' }],
    [{ passcode: 'abc' }, { passcode: 'badPasscode' }],
    [{ passcode: 'x'.repeat(65) }, { passcode: 'badPasscode' }],
    [{ passcode: '😀😀😀😀' }, {}],
    [{ maxParticipants: '1' }, { maxParticipants: 'badMaxParticipants' }],
    [{ maxParticipants: '2.5' }, { maxParticipants: 'badMaxParticipants' }],
    [{ maxParticipants: 'many' }, { maxParticipants: 'badMaxParticipants' }],
    [{ maxParticipants: '1000' }, {}],
  ])('with %o has the problems %o', (change, problems) => {
    expect(problemsOf({ ...newPlan(NOW), ...change }, NOW)).toEqual(problems);
  });
});

describe('a change', () => {
  const meeting = aMeeting({ title: 'Tea', hasPasscode: true, startsAt: '2036-01-01T10:00:00.000Z' });

  it('of nothing asks for nothing, whatever the meeting is', () => {
    fc.assert(
      fc.property(
        fc.record({
          title: fc.option(fc.constantFrom('Tea', 'Talk')),
          startsAt: fc.option(fc.constantFrom('2036-01-01T10:00:00.000Z', '2036-07-01T10:30:00.000Z')),
          endsAt: fc.option(fc.constant('2037-01-01T10:00:00.000Z')),
          waitingRoom: fc.boolean(),
          guests: fc.boolean(),
          maxParticipants: fc.integer({ min: 2, max: 1000 }),
        }),
        (fields) => {
          const one = aMeeting(fields);
          expect(changesOf(planOf(one), one)).toEqual({});
        },
      ),
    );
  });

  it('names what is to be another, and null where it is to go', () => {
    const plan = { ...planOf(meeting), title: '', startsAt: '', dropsPasscode: true, maxParticipants: '7' };
    expect(changesOf(plan, meeting)).toEqual({
      title: null,
      startsAt: null,
      passcode: null,
      maxParticipants: 7,
    });
    expect(changesOf({ ...planOf(meeting), passcode: 'another' }, meeting)).toEqual({ passcode: 'another' });
  });

  it('is disputed only where somebody else changed the same field to something else', () => {
    const theirs = { ...meeting, title: 'Coffee', waitingRoom: true, participantCount: 5 };
    expect(disputesOf({ title: 'Talk', guests: false }, meeting, theirs)).toEqual(['title']);
    expect(disputesOf({ title: 'Coffee' }, meeting, theirs)).toEqual([]);
    expect(disputesOf({ guests: false }, meeting, theirs)).toEqual([]);
    expect(disputesOf({ passcode: 'new one' }, meeting, { ...meeting, hasPasscode: false })).toEqual([
      'passcode',
    ]);
  });
});

it('local times survive the way there and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 * 24 * 365 * 40 }), (minutes) => {
      const local = localOf(new Date(NOW + minutes * 60_000).toISOString());
      expect(localOf(new Date(local).toISOString())).toBe(local);
    }),
  );
});
