import { describe, expect, it } from 'vitest';
import type { RefusedRequest, Role } from '../meeting/index.ts';
import { wordsOfRefusal } from './refusals.ts';

const ROLES: Readonly<Record<string, Role>> = { par_host: 'host', par_bob: 'participant' };
const wordsOf = (code: string, request: RefusedRequest | null) =>
  wordsOfRefusal({ code, message: '', request }, (id) => ROLES[id]);
const moderate = (action: string, participant?: string) => ({
  type: 'moderate',
  action,
  ...(participant !== undefined && { participant }),
});

describe('what the node refused', () => {
  it.each([
    ['not_granted', moderate('mute', 'par_bob'), 'mute'],
    ['not_granted', moderate('mute'), 'mute'],
    ['not_granted', moderate('remove', 'par_gone'), 'remove'],
    ['not_granted', moderate('lowerHand'), 'lowerHand'],
    ['not_granted', moderate('allowCaptions', 'par_bob'), 'captioners'],
    ['not_granted', moderate('stopCaptions', 'par_bob'), 'captioners'],
    ['not_granted', moderate('mute', 'par_host'), 'overHost'],
    ['not_granted', moderate('ofANewerNode', 'par_bob'), 'other'],
    ['not_granted', { type: 'caption' }, 'caption'],
    ['not_granted', { type: 'askToShare' }, 'share'],
    ['not_granted', { type: 'publish' }, 'send'],
    ['not_granted', null, 'other'],
    ['not_found', moderate('mute', 'par_gone'), 'gone'],
    ['not_found', moderate('mute', 'par_bob'), null],
    ['conflict', moderate('askToUnmute', 'par_bob'), null],
    ['not_granted', moderate('askToUnmute', 'par_bob'), 'other'],
    ['not_found', { type: 'unpublish' }, 'other'],
    ['too_often', { type: 'caption' }, 'tooOften'],
    ['malformed', null, 'other'],
    ['not_found', { type: 'message' }, null],
    ['screen_taken', { type: 'publish' }, null],
  ] as const)('is told by what it was: %s of %o', (code, request, words) => {
    expect(wordsOf(code, request)).toBe(words);
  });
});
