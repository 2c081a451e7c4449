import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatClientMessage, MAX_MESSAGE_BYTES } from './format.ts';
import { parseNodeMessage } from './parse.ts';

const parse = (value: unknown) => parseNodeMessage(JSON.stringify(value));

describe('parseNodeMessage', () => {
  it('reads a message and leaves out fields that it does not know', () => {
    expect(parse({ type: 'reaction', number: 3, from: 'par_1', reaction: '👍', extra: 1 })).toEqual({
      outcome: 'message',
      message: { type: 'reaction', number: 3, from: 'par_1', reaction: '👍' },
    });
  });

  it('keeps absent fields absent', () => {
    const parsed = parse({ type: 'error', number: 1, code: 'bad', message: 'no' });
    expect(parsed).toEqual({
      outcome: 'message',
      message: { type: 'error', number: 1, code: 'bad', message: 'no' },
    });
  });

  it('names the field that is wrong', () => {
    expect(parse({ type: 'slots', number: 1, slots: [{ slot: '4', track: 5 }] })).toEqual({
      outcome: 'malformed',
      reason: 'message.slots[0].track must be a string',
      type: 'slots',
      number: 1,
    });
    expect(parse({ type: 'waiting' })).toMatchObject({ type: 'waiting', number: null });
    expect(parseNodeMessage('nonsense')).toMatchObject({ type: null, number: null });
  });

  it('reads a message of a newer node without what only that knows', () => {
    const joinedAt = '2026-01-01T00:00:00Z';
    const track = { id: 'trk_1', source: 'camera', kind: 'video', muted: false };
    const person = { id: 'par_1', displayName: 'Ada', role: 'oracle', hand: false, joinedAt };
    const tracks = [track, { ...track, id: 'trk_2', source: 'hologram' }, { ...track, kind: 'smell' }];
    const changes = [
      { op: 'participantJoined', participant: { ...person, tracks } },
      { op: 'participantWaved', participant: 'par_1' },
      { op: 'trackPublished', participant: 'par_1', track: tracks[1] },
      { op: 'trackUnpublished', participant: 'par_1', track: 'trk_1' },
    ];
    const parsed = parse({ type: 'roster', number: 2, version: 1, changes });
    expect(parsed).toMatchObject({
      outcome: 'message',
      message: {
        changes: [
          { op: 'participantJoined', participant: { ...person, role: 'participant', tracks: [track] } },
          { op: 'trackUnpublished' },
        ],
      },
    });
    expect(parsed).toHaveProperty('unread.length', 5);
    expect(JSON.stringify(parsed)).not.toMatch(/oracle|hologram|smell|waved/i);
  });

  it.each([
    [{ type: 'removed', reason: 'abducted' }, { reason: 'moved' }],
    [{ type: 'recording', recordingId: 'r', state: 'dubbed', startedAt: 't' }, { state: 'recording' }],
    [{ type: 'links', links: [{ participant: 'p', quality: 'sideways' }] }, { links: [] }],
    [
      { type: 'quality', uplink: { packetsLost: 0, packetsReceived: 0 }, verdict: 'both' },
      { verdict: 'good' },
    ],
  ])('reads %j so that it does no harm', (fields, message) => {
    expect(parse({ number: 1, ...fields })).toMatchObject({ outcome: 'message', message });
  });

  it('tells a newer type from nonsense', () => {
    expect(parse({ type: 'constructor', number: 7 })).toEqual({
      outcome: 'unknown',
      type: 'constructor',
      number: 7,
    });
    expect(parse({ type: 'waiting' }).outcome).toBe('malformed');
    expect(parse({ type: 'waiting', number: 0 }).outcome).toBe('malformed');
    expect(parseNodeMessage('').outcome).toBe('malformed');
    expect(parseNodeMessage('[]').outcome).toBe('malformed');
  });

  it('never throws, whatever arrives', () => {
    const types = [
      'joined',
      'roster',
      'slots',
      'speakers',
      'quality',
      'error',
      'answer',
      'move',
      '__proto__',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.dictionary(fc.string(), fc.jsonValue()), (type, fields) => {
        const parsed = parse({ number: 1, ...fields, type });
        expect(['message', 'malformed', 'unknown']).toContain(parsed.outcome);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseNodeMessage(text).outcome).not.toBe('message');
      }),
    );
  });
});

describe('formatClientMessage', () => {
  it('refuses what a node would end the socket for', () => {
    const text = 'x'.repeat(MAX_MESSAGE_BYTES);
    expect(() => formatClientMessage({ type: 'message', text })).toThrow(RangeError);
    expect(() => formatClientMessage({ type: 'offer', id: 1, sdp: text })).not.toThrow();
  });

  it('counts bytes, not characters', () => {
    const text = '€'.repeat(MAX_MESSAGE_BYTES / 2);
    expect(() => formatClientMessage({ type: 'message', text })).toThrow(RangeError);
  });
});
