import { describe, expect, it, vi } from 'vitest';
import {
  ADA,
  BOB,
  join,
  joined,
  meeting,
  settle,
  socket,
  stubMeeting,
  tellChanges,
} from './testing/meeting.ts';

stubMeeting();

describe('chat', () => {
  const outgoing = () =>
    meeting.getSnapshot().outgoing.map(({ text, state, reason }) => [text, state, reason]);
  const echo = (number: number, sent: Record<string, unknown>) => ({
    type: 'message',
    number,
    id: `msg_${String(number)}`,
    from: ADA.id,
    displayName: 'Ada',
    text: sent['text'],
    at: '2026-01-01T00:00:03Z',
    ...(sent['key'] === undefined ? {} : { key: sent['key'] }),
  });

  async function resume(number: number, fields: object = {}): Promise<void> {
    socket().die();
    await vi.advanceTimersByTimeAsync(1_000);
    socket().open();
    socket().say(joined(number, { resumed: true, answer: undefined, ...fields }));
    await settle();
  }

  it('is sent again after a resume where the node never had it, and no more once it has', async () => {
    await join();
    meeting.sendMessage('important');
    const [first] = socket().sentOf('message');
    expect(outgoing()).toEqual([['important', 'sending', null]]);
    await resume(2);
    expect(socket().sentOf('message')).toEqual([first]);
    socket().say(echo(3, first!));
    await settle();
    expect(outgoing()).toEqual([]);
    expect(meeting.getSnapshot().messages.map(({ text }) => text)).toEqual(['important']);
    await resume(4);
    expect(socket().sentOf('message')).toEqual([]);
  });

  it('is not sent again where the history or what was missed shows that it arrived', async () => {
    await join();
    meeting.sendMessage('one');
    meeting.sendMessage('two');
    const [one, two] = socket().sentOf('message');
    socket().die();
    await settle();
    socket().open();
    socket().say(echo(2, one!));
    const line = Object.entries(echo(9, two!)).filter(([name]) => name !== 'type' && name !== 'number');
    const messages = [Object.fromEntries(line)];
    socket().say(joined(3, { resumed: true, answer: undefined, messages }));
    await settle();
    expect(socket().sentOf('message')).toEqual([]);
    expect(outgoing()).toEqual([]);
  });

  it('is shown once where another node tells it again', async () => {
    await join();
    let heard = 0;
    meeting.on('message', () => (heard += 1));
    const said = { ...echo(2, { text: 'hi', key: 'k-1' }), from: BOB.id };
    socket().say(said);
    socket().say({ ...said, number: 3, id: 'msg_other' });
    await settle();
    expect(meeting.getSnapshot().messages).toHaveLength(1);
    expect(heard).toBe(1);
  });

  it('knows its own words by themselves where a node of before keys says them', async () => {
    await join();
    meeting.sendMessage('important');
    socket().say(echo(2, { text: 'important' }));
    await settle();
    expect(outgoing()).toEqual([]);
  });

  it('comes back with the reason when it is refused, to be tried again or forgotten', async () => {
    await join();
    meeting.sendMessage('to nobody', 'par_gone');
    const [{ id, key } = {}] = socket().sentOf('message');
    socket().say({ type: 'error', number: 2, id, code: 'not_found', message: 'no such participant' });
    await settle();
    expect(outgoing()).toEqual([['to nobody', 'notSent', 'not_found']]);
    meeting.resendMessage(key as string);
    expect(outgoing()).toEqual([['to nobody', 'sending', null]]);
    expect(socket().sentOf('message')).toHaveLength(2);
    meeting.discardMessage(key as string);
    expect(outgoing()).toEqual([]);
    meeting.sendMessage('x'.repeat(16_001));
    expect(outgoing()).toMatchObject([[expect.anything(), 'notSent', 'too_large']]);
    expect(socket().sentOf('message')).toHaveLength(2);
  });

  it('says what was not sent when the meeting ends', async () => {
    await join();
    meeting.sendMessage('too late');
    await meeting.leave();
    expect(outgoing()).toEqual([['too late', 'notSent', null]]);
  });
});

describe('captions of a meeting', () => {
  const line = {
    from: BOB.id,
    displayName: 'Bob',
    line: 3,
    text: 'Good',
    final: false,
    at: '2026-01-01T00:00:00Z',
  };

  it('are there for who comes late, grow, and say who may write', async () => {
    const early = { ...line, line: 2, text: 'Before you came', final: true };
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada' });
    await settle();
    socket().open();
    socket().say(joined(1, { captions: [early] }));
    await done;
    const heard: string[] = [];
    meeting.on('caption', ({ text }) => heard.push(text));
    socket().say({ type: 'caption', number: 2, ...line });
    socket().say({ type: 'caption', number: 3, ...line, text: 'Good morning', final: true });
    await settle();
    expect(meeting.getSnapshot().captions.map(({ text }) => text)).toEqual([
      'Before you came',
      'Good morning',
    ]);
    expect(heard).toEqual(['Good', 'Good morning']);
    expect(meeting.getSnapshot().self?.mayCaption).toBe(false);
    await tellChanges(4, { op: 'participantChanged', participant: ADA.id, captioner: true });
    expect(meeting.getSnapshot().self?.mayCaption).toBe(true);
    meeting.captions.write('Welcome');
    meeting.captions.allow(BOB.id, true);
    expect(socket().sentOf('caption')).toMatchObject([{ text: 'Welcome', final: true }]);
    expect(socket().sentOf('moderate')).toMatchObject([{ action: 'allowCaptions', participant: BOB.id }]);
  });
});
