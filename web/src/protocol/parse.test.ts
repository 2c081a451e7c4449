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
    });
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
