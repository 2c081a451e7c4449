import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientMessage } from '../protocol/index.ts';
import { Captions, MAX_CAPTION_LETTERS, MAX_LINES, piecesOf } from './Captions.ts';
import type { CaptionProvider, SpeechHandlers } from './types.ts';

const MICROPHONE = { id: 'microphone' } as MediaStreamTrack;
const OTHER = { id: 'other' } as MediaStreamTrack;

let captions: Captions;
let sent: Extract<ClientMessage, { type: 'caption' }>[];
let changes: number;

beforeEach(() => {
  vi.useFakeTimers();
  [sent, changes] = [[], 0];
  captions = new Captions(
    (message) => {
      if (message.type === 'caption') sent.push(message);
    },
    () => (changes += 1),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

const told = (line: number, text: string, final = true, from = 'par_b') => ({
  from,
  displayName: 'Bob',
  line,
  text,
  final,
  at: '2026-01-01T10:00:00Z',
});
const texts = () => captions.lines.map(({ text }) => text);

/** A provider that the test speaks through. */
class FakeProvider implements CaptionProvider {
  readonly sessions: {
    track: MediaStreamTrack;
    language: string;
    handlers: SpeechHandlers;
    isStopped: boolean;
  }[] = [];

  start: CaptionProvider['start'] = ({ track, language }, handlers) => {
    const session = { track, language, handlers, isStopped: false };
    this.sessions.push(session);
    return { stop: () => (session.isStopped = true) };
  };

  say(text: string, isFinal = false): void {
    this.sessions.at(-1)?.handlers.onResult({ text, isFinal });
  }
}

describe('lines that one reads', () => {
  it('grow in place until they are final, each speaker with lines of their own', () => {
    captions.handleLine(told(1, 'Good', false));
    captions.handleLine(told(1, 'Hello', true, 'par_c'));
    captions.handleLine(told(1, 'Good morning'));
    expect(texts()).toEqual(['Good morning', 'Hello']);
  });

  it('come once, though a rejoin tells them again', () => {
    captions.handleJoined([told(1, 'one'), told(2, 'two')]);
    captions.handleJoined([told(2, 'two'), told(3, 'three')]);
    expect(texts()).toEqual(['one', 'two', 'three']);
  });

  it('are as many as one scrolls back to', () => {
    for (let line = 1; line <= MAX_LINES + 5; line += 1) captions.handleLine(told(line, String(line)));
    expect([captions.lines.length, texts()[0]]).toEqual([MAX_LINES, '6']);
  });
});

describe('what is typed', () => {
  it('is final at once, with a number of its own each time', () => {
    captions.write('  Good morning ');
    captions.write('Let us begin');
    expect(sent).toMatchObject([
      { text: 'Good morning', final: true },
      { text: 'Let us begin', final: true },
    ]);
    expect(sent[1]!.line).toBe(sent[0]!.line + 1);
    captions.write('   ');
    expect(sent).toHaveLength(2);
  });

  it('goes on with later numbers on a later page of the same person', () => {
    captions.write('before');
    vi.advanceTimersByTime(2_000);
    new Captions(
      (message) => sent.push(message as (typeof sent)[0]),
      () => undefined,
    ).write('after');
    expect(sent[1]!.line).toBeGreaterThan(sent[0]!.line);
  });

  it('is cut between words, and within one where there are none', () => {
    const long = `${'word '.repeat(150)}end`;
    const pieces = piecesOf(long);
    expect(pieces.join(' ')).toBe(long);
    expect(Math.max(...pieces.map((piece) => Array.from(piece).length))).toBeLessThanOrEqual(
      MAX_CAPTION_LETTERS,
    );
    expect(piecesOf('🙂'.repeat(501)).map((piece) => Array.from(piece).length)).toEqual([500, 1]);
  });
});

describe('speech that a provider recognises', () => {
  let provider: FakeProvider;

  beforeEach(() => {
    provider = new FakeProvider();
    captions.handleRight(true);
    captions.handleMicrophone(MICROPHONE);
    captions.setProvider(provider, 'de');
  });

  it('hears the own microphone, and is said as one line that grows, no faster than people read', () => {
    expect(provider.sessions).toMatchObject([{ track: MICROPHONE, language: 'de' }]);
    expect(captions.speech).toBe('listening');
    for (const words of ['Good', 'Good morn', 'Good morning']) provider.say(words);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(300);
    expect(sent).toMatchObject([{ text: 'Good morning', final: false }]);
    provider.say('Good morning, all', true);
    expect(sent[1]).toMatchObject({ text: 'Good morning, all', final: true, line: sent[0]!.line });
    provider.say('Next');
    vi.advanceTimersByTime(300);
    expect(sent[2]!.line).toBeGreaterThan(sent[0]!.line);
  });

  it('stops while one is muted: what was begun is said as it is, and what comes later is not', () => {
    provider.say('Off the');
    captions.handleMicrophone(null);
    expect(sent).toMatchObject([{ text: 'Off the', final: true }]);
    expect(provider.sessions[0]!.isStopped).toBe(true);
    expect(captions.speech).toBe('paused');
    provider.say('Off the record', true);
    vi.advanceTimersByTime(1_000);
    expect(sent).toHaveLength(1);
  });

  it('begins anew with another microphone', () => {
    captions.handleMicrophone(OTHER);
    expect(provider.sessions.map(({ track, isStopped }) => [track, isStopped])).toEqual([
      [MICROPHONE, true],
      [OTHER, false],
    ]);
  });

  it('waits for the right to write, and ends with it', () => {
    captions.handleRight(false);
    expect([captions.speech, provider.sessions[0]!.isStopped]).toEqual(['paused', true]);
    captions.handleRight(true);
    expect(captions.speech).toBe('listening');
  });

  it('says that it failed, by its word or by throwing, and starts again when set again', () => {
    provider.sessions[0]!.handlers.onError(new Error('no network'));
    expect(captions.speech).toBe('failed');
    captions.handleMicrophone(OTHER);
    expect(provider.sessions).toHaveLength(1);
    captions.setProvider({
      start: () => {
        throw new Error('not here');
      },
    });
    expect(captions.speech).toBe('failed');
    captions.setProvider(provider);
    expect(captions.speech).toBe('listening');
  });

  it('is off without a provider, and when the meeting is over', () => {
    captions.close();
    expect(provider.sessions[0]!.isStopped).toBe(true);
    captions.setProvider(null);
    expect(captions.speech).toBe('off');
    expect(changes).toBeGreaterThan(0);
  });
});
