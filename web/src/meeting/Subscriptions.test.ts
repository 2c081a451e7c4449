import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientMessage } from '../protocol/index.ts';
import { Subscriptions, planSlots } from './Subscriptions.ts';

type Assign = Extract<ClientMessage, { type: 'assign' }>;

function joined(
  carried: readonly (string | null)[],
  resumed = false,
  into = new Subscriptions(),
): Subscriptions {
  into.handleJoined(
    [
      { slot: '4', kind: 'audio', track: null },
      ...carried.map((track, index) => ({ slot: String(10 + index), kind: 'video' as const, track })),
    ],
    resumed,
  );
  return into;
}

function reconcile(subscriptions: Subscriptions, isOpen = true): Assign[] {
  const sent: Assign[] = [];
  subscriptions.reconcile((message) => {
    if (isOpen) sent.push(message as Assign);
    return isOpen;
  });
  return sent;
}

const visible = (...tracks: string[]) => tracks.map((track) => ({ track, maxHeight: 360 }));

describe('Subscriptions', () => {
  it('assigns nothing until it is told what is visible', () => {
    expect(reconcile(joined(['a', null]))).toEqual([]);
  });

  it('leaves a track in the slot that carries it already', () => {
    const subscriptions = joined(['a', 'b', null]);
    subscriptions.setVisible(visible('b'));
    expect(reconcile(subscriptions)).toEqual([
      { type: 'assign', slot: '10', track: null },
      { type: 'assign', slot: '11', track: 'b', maxHeight: 360, priority: 0 },
    ]);
  });

  it('empties a slot that the node filled before it knew what is visible', () => {
    const subscriptions = joined(['a', null, null]);
    subscriptions.setVisible(visible('a'));
    expect(reconcile(subscriptions).map(({ slot }) => slot)).toEqual(['10']);
    subscriptions.handleSlots([{ slot: '11', track: 'b' }]);
    expect(reconcile(subscriptions)).toEqual([{ type: 'assign', slot: '11', track: null }]);
  });

  it('lets the node fill no slot where nothing is visible', () => {
    const subscriptions = joined([null, null]);
    subscriptions.setVisible([]);
    expect(reconcile(subscriptions)).toEqual([{ type: 'assign', slot: '10', track: null }]);
    expect(reconcile(subscriptions)).toEqual([]);
  });

  it('shows nothing of a track whose picture pauses, until it goes on', () => {
    const subscriptions = joined(['a', 'b']);
    subscriptions.handleSlots([{ slot: '10', track: 'a', paused: true }]);
    expect([...subscriptions.slotByTrack.keys()]).toEqual(['b']);
    subscriptions.handleSlots([{ slot: '10', track: 'a' }]);
    expect([...subscriptions.slotByTrack.keys()]).toEqual(['b']);
    subscriptions.handleSlots([{ slot: '10', track: 'a', paused: false }]);
    expect([...subscriptions.slotByTrack.keys()]).toEqual(['a', 'b']);
    subscriptions.handleSlots([{ slot: '10', track: 'a', paused: true }]);
    subscriptions.handleSlots([{ slot: '10', track: 'c' }]);
    expect([...subscriptions.slotByTrack.keys()]).toEqual(['c', 'b']);
  });

  it('knows what a picture pauses or is smaller for, until another comes into the slot', () => {
    const subscriptions = joined(['a', 'b']);
    const limits = () => [
      subscriptions.limitedBy('a'),
      subscriptions.isPaused('a'),
      subscriptions.isNodeShort,
    ];
    subscriptions.handleSlots([{ slot: '10', track: 'a', paused: false, reason: 'node' }]);
    expect(limits()).toEqual(['node', false, true]);
    subscriptions.handleSlots([{ slot: '10', track: 'a' }]);
    expect(limits()).toEqual(['node', false, true]);
    subscriptions.handleSlots([{ slot: '10', track: 'a', paused: true, reason: 'bandwidth' }]);
    expect(limits()).toEqual(['bandwidth', true, false]);
    subscriptions.handleSlots([{ slot: '10', track: 'a', paused: true, reason: 'node' }]);
    subscriptions.handleSlots([{ slot: '10', track: 'c' }]);
    expect([subscriptions.limitedBy('c'), subscriptions.isPaused('c')]).toEqual([null, false]);
    expect(limits()).toEqual([null, false, false]);
  });

  it.each([undefined, 'moonlight'])('takes the reason %s of a pause for none', (reason) => {
    const subscriptions = joined(['a', 'b']);
    const change = { slot: '10', track: 'a', paused: true };
    subscriptions.handleSlots([reason === undefined ? change : { ...change, reason }]);
    expect([subscriptions.isPaused('a'), subscriptions.limitedBy('a')]).toEqual([true, null]);
    expect(subscriptions.isNodeShort).toBe(false);
  });

  it('says nothing twice', () => {
    const subscriptions = joined([null, null]);
    subscriptions.setVisible(visible('a'));
    reconcile(subscriptions);
    subscriptions.setVisible(visible('a'));
    expect(reconcile(subscriptions)).toEqual([]);
  });

  it('asks again only when a tile grows past the next step of height', () => {
    const subscriptions = joined([null]);
    subscriptions.setVisible([{ track: 'a', maxHeight: 200 }]);
    reconcile(subscriptions);
    subscriptions.setVisible([{ track: 'a', maxHeight: 350 }]);
    expect(reconcile(subscriptions)).toEqual([]);
    subscriptions.setVisible([{ track: 'a', maxHeight: 361 }]);
    expect(reconcile(subscriptions).map(({ maxHeight }) => maxHeight)).toEqual([720]);
  });

  it('sends after a resume what the lost socket could not take', () => {
    const subscriptions = joined([null]);
    subscriptions.setVisible(visible('a'));
    expect(reconcile(subscriptions, false)).toEqual([]);
    joined([null], true, subscriptions);
    expect(reconcile(subscriptions)).toHaveLength(1);
  });

  it('asks anew after each resume, in the same slots, as what it said before may be lost', () => {
    const subscriptions = joined(['a', 'b', null]);
    subscriptions.setVisible(visible('b', 'c'));
    const asked = reconcile(subscriptions);
    expect(asked.map(({ slot, track }) => [slot, track])).toEqual([
      ['10', 'c'],
      ['11', 'b'],
    ]);
    joined(['a', 'b', null], true, subscriptions);
    expect(reconcile(subscriptions)).toEqual(asked);
    expect(reconcile(subscriptions)).toEqual([]);
  });

  it('assigns everything anew in a new session', () => {
    const subscriptions = joined([null]);
    subscriptions.setVisible(visible('a'));
    reconcile(subscriptions);
    joined([null], false, subscriptions);
    expect(reconcile(subscriptions)).toHaveLength(1);
  });

  it('knows which slot carries a track', () => {
    const subscriptions = joined(['a', null]);
    subscriptions.handleSlots([
      { slot: '10', track: null },
      { slot: '11', track: 'b' },
    ]);
    expect([...subscriptions.slotByTrack]).toEqual([['b', '11']]);
  });

  it('gives the most important tracks a slot each and moves none that has one', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const request = fc.option(
      names.map((track) => ({ track, maxHeight: 360, priority: 0 })),
      { nil: null },
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(request, {
          minLength: 1,
          maxLength: 4,
          selector: (value) => value?.track ?? Symbol(),
        }),
        fc.uniqueArray(names),
        (requests, tracks) => {
          const slots = requests.map((requested, index) => ({
            slot: String(index),
            requested,
            isAsked: true,
            carried: null,
            isPaused: false,
            limitedBy: null,
          }));
          const plan = planSlots(slots, visible(...tracks));
          const wanted = tracks.slice(0, slots.length);
          expect([...plan.values()].map(({ track }) => track).sort()).toEqual([...wanted].sort());
          for (const { slot, requested } of slots) {
            if (requested !== null && wanted.includes(requested.track)) {
              expect(plan.get(slot)?.track).toBe(requested.track);
            }
          }
        },
      ),
    );
  });
});
