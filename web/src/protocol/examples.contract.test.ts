/** The contract in protocol/ as this client understands it; Python runs the same examples. */
import { readFileSync, readdirSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { formatClientMessage } from './format.ts';
import type { ClientMessage } from './messages.ts';
import { parseNodeMessage } from './parse.ts';

const PROTOCOL = new URL('../../../protocol/', import.meta.url);

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, PROTOCOL), 'utf8'));
}

function examples(folder: string): [string, unknown][] {
  return readdirSync(new URL(`examples/${folder}/`, PROTOCOL))
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, readJson(`examples/${folder}/${name}`)]);
}

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
ajv.addSchema(readJson('signaling.schema.json') as object, 'signaling');

function isValid(value: unknown, definition: 'fromClient' | 'fromNode'): boolean {
  const validate = ajv.getSchema(`signaling#/$defs/${definition}`);
  if (validate === undefined) throw new Error(`the schema does not define ${definition}`);
  return validate(value) === true;
}

const TRACK = `trk_${'a'.repeat(26)}`;
const PARTICIPANT = `par_${'b'.repeat(26)}`;

/** Each type that this client can send, with every field it ever fills. */
const SENT: { readonly [Type in ClientMessage['type']]: Extract<ClientMessage, { type: Type }> } = {
  join: {
    type: 'join',
    token: 'a.b.c',
    offer: 'v=0',
    tracks: [{ mid: '0', source: 'microphone', muted: false }],
    resume: { lastMessage: 0, secret: 's' },
    client: { name: 'parley-web', version: '0.1.0' },
    decodes: [{ codec: 'vp8', efficient: false }],
  },
  offer: { type: 'offer', id: 1, sdp: 'v=0' },
  publish: { type: 'publish', mid: '1', source: 'screen_audio', muted: true },
  unpublish: { type: 'unpublish', track: TRACK },
  mute: { type: 'mute', track: TRACK, muted: true, paused: false },
  assign: { type: 'assign', slot: '8', track: TRACK, maxHeight: 360, maxFps: 30, priority: 0 },
  message: { type: 'message', text: 'hi', to: PARTICIPANT, key: 'a-1' },
  hand: { type: 'hand', raised: true },
  reaction: { type: 'reaction', reaction: '👍' },
  caption: { type: 'caption', line: 1, text: 'Good morning', final: false },
  askToShare: { type: 'askToShare' },
  answerShare: { type: 'answerShare', participant: PARTICIPANT, allowed: true },
  moderate: { type: 'moderate', action: 'mute', participant: PARTICIPANT, track: TRACK },
  stats: { type: 'stats', report: { rttMs: null, availableOutgoingBps: null, streams: [] } },
  leave: { type: 'leave' },
};

describe('the signaling contract', () => {
  it.each(examples('node'))('reads node/%s without losing a field', (_name, example) => {
    expect(isValid(example, 'fromNode')).toBe(true);
    expect(parseNodeMessage(JSON.stringify(example))).toEqual({ outcome: 'message', message: example });
  });

  it.each(examples('client'))('allows client/%s', (_name, example) => {
    expect(isValid(example, 'fromClient')).toBe(true);
  });

  it.each(examples('invalid'))('refuses invalid/%s', (name, example) => {
    const definition = name.startsWith('node-') ? 'fromNode' : 'fromClient';
    expect(isValid(example, definition)).toBe(false);
    if (name.startsWith('node-')) {
      const parsed = parseNodeMessage(JSON.stringify(example));
      expect(parsed.outcome === 'malformed' || 'unread' in parsed).toBe(true);
    }
  });

  it.each(Object.values(SENT))('sends $type as the schema wants it', (message) => {
    expect(isValid(JSON.parse(formatClientMessage(message)), 'fromClient')).toBe(true);
  });

  it('has an example for each type of message', () => {
    const types = (folder: string) =>
      new Set(examples(folder).map(([, value]) => (value as { type: string }).type));
    expect([...types('client')].sort()).toEqual(Object.keys(SENT).sort());
    expect(types('node').size).toBe(20);
  });
});
