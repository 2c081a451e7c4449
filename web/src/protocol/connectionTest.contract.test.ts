/** The contract of connection tests as this client understands it; Python runs the same examples. */
import { readFileSync, readdirSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTestReply, type TestRequest } from './connectionTest.ts';

const PROTOCOL = new URL('../../../protocol/', import.meta.url);

const read = (path: string): string => readFileSync(new URL(path, PROTOCOL), 'utf8');

function examples(folder: string): [string, string][] {
  const path = `connection-test-examples/${folder}/`;
  return readdirSync(new URL(path, PROTOCOL)).map((name) => [name, read(path + name)]);
}

const ajv = new Ajv2020({ strict: true });
ajv.addSchema(JSON.parse(read('connection-test.schema.json')) as object, 'test');

const SENT: readonly TestRequest[] = [
  { type: 'test', token: 'a.b.c' },
  { type: 'ping', id: 0 },
  { type: 'path', sdp: 'v=0' },
  { type: 'measure' },
];

describe('connection tests', () => {
  it.each(examples('node'))('understands %s', (_, text) => {
    expect(parseTestReply(text)).toEqual(JSON.parse(text));
  });

  it.each(examples('invalid').filter(([name]) => name.startsWith('node')))('refuses %s', (_, text) => {
    expect(parseTestReply(text)).toBeNull();
  });

  it.each(SENT)('sends what nodes take: $type', (message) => {
    expect(ajv.getSchema('test#/$defs/fromClient')?.(message)).toBe(true);
  });

  it('takes any text for a message or for none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const reply = parseTestReply(text);
        return reply === null || typeof reply.type === 'string';
      }),
    );
  });
});
