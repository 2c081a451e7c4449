import { beforeEach, describe, expect, it } from 'vitest';
import type { ClientMessage } from '../protocol/index.ts';
import { Requests } from './Requests.ts';

const MUTE = { type: 'moderate', action: 'mute', participant: 'par_b' } as const;
const LOWER = { type: 'moderate', action: 'lowerHand' } as const;
const refusal = (id: number | undefined, code = 'not_granted') =>
  ({ type: 'error', code, message: 'no', ...(id !== undefined && { id }) }) as const;

let sent: ClientMessage[];
let isOpen: boolean;
let requests: Requests;

beforeEach(() => {
  sent = [];
  isOpen = true;
  requests = new Requests(
    (message) => sent.push(message),
    () => isOpen,
  );
});

/** How a call stands once everything that is ready has happened. */
async function outcomeOf(call: Promise<void>): Promise<string> {
  const open = Promise.resolve('open');
  const told = call.then(
    () => 'taken',
    (error: unknown) => (error as { code: string }).code,
  );
  await Promise.resolve();
  return Promise.race([told, open.then(() => open)]);
}

function answerStats(): void {
  requests.handleStatsSent();
  requests.handleQuality();
}

describe('what is asked of the node', () => {
  it('is taken once the node has answered what came after it', async () => {
    requests.handleStatsSent();
    const muted = requests.send(MUTE);
    requests.handleQuality();
    expect(await outcomeOf(muted)).toBe('open');
    answerStats();
    expect(await outcomeOf(muted)).toBe('taken');
  });

  it.each([
    ['not_granted', 'forbidden'],
    ['not_found', 'not_found'],
    ['too_often', 'too_often'],
    ['of_a_newer_node', 'protocol_error'],
  ])('rejects with the word of the node: %s', async (code, told) => {
    const [muted, lowered] = [requests.send(MUTE), requests.send(LOWER)];
    expect(requests.handleRefused(refusal(sent[0]?.id, code))).toMatchObject(MUTE);
    expect(await outcomeOf(muted)).toBe(told);
    expect(await outcomeOf(lowered)).toBe('open');
  });

  it('is none of the refusals that name nothing, or something else', async () => {
    const muted = requests.send(MUTE);
    expect(requests.handleRefused(refusal(undefined))).toBeNull();
    expect(requests.handleRefused(refusal(1))).toBeNull();
    expect(await outcomeOf(muted)).toBe('open');
  });

  it('is said again after a new socket, under the same number, and not what was refused', () => {
    void requests.send(MUTE);
    void requests.send(LOWER);
    requests.handleRefused(refusal(sent[0]?.id));
    const [, lowered] = sent;
    sent = [];
    requests.handleJoined(() => true);
    expect(sent).toEqual([lowered]);
  });

  it('is done, and no refusal, where it was carried out before it was said again', async () => {
    const [muted, lowered] = [requests.send(MUTE), requests.send(LOWER)];
    requests.handleJoined(() => true);
    const [mute, lower] = sent.slice(-2);
    expect(requests.handleRefused(refusal(mute?.id, 'not_found'))).toBe('done');
    expect(requests.handleRefused(refusal(lower?.id))).toMatchObject(LOWER);
    expect([await outcomeOf(muted), await outcomeOf(lowered)]).toEqual(['taken', 'forbidden']);
  });

  it('is over with the meeting', async () => {
    const muted = requests.send(MUTE);
    isOpen = false;
    requests.handleEnd();
    expect(await outcomeOf(muted)).toBe('meeting_ended');
    expect(await outcomeOf(requests.send(LOWER))).toBe('meeting_ended');
    expect(sent).toHaveLength(1);
  });
});
