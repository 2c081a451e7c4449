import { describe, expect, it } from 'vitest';
import type { ClientMessage } from '../protocol/index.ts';
import { Chat } from './Chat.ts';

describe('a message to one person that was not sent', () => {
  it('is said to the same person alone, each time', () => {
    const said: ClientMessage[] = [];
    const chat = new Chat(
      (message) => said.push(message),
      () => undefined,
    );
    chat.send('Between us', 'bob');
    chat.handleEnd();
    const [one] = chat.shown.outgoing;
    expect(one).toMatchObject({ to: 'bob', state: 'notSent' });
    chat.retry(one?.key ?? '');
    chat.handleJoined([], 'ada');
    expect(said).toMatchObject(Array.from({ length: 3 }, () => ({ text: 'Between us', to: 'bob' })));
  });
});
