import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { en } from '../languages/recordings/en.ts';

const SOURCE = new URL('../../../../chalicelib/domain/recording_reasons.py', import.meta.url);

it('every reason that the control plane has a sentence for has words in the app', () => {
  const source = readFileSync(SOURCE, 'utf8');
  const named = [...source.matchAll(/^ {4}"(\w+)":/gm)].map(([, code]) => code);
  const constants = [...source.matchAll(/^[A-Z_]+ = "(\w+)"$/gm)].map(([, code]) => code);
  expect(constants.length).toBeGreaterThan(3);
  expect(Object.keys(en.reason).sort()).toEqual([...named, ...constants].sort());
});
