/**
 * Captions: what is said, as text, from people who type and from speech that is recognised.
 *
 * Owns the lines one reads, the numbers of one's own, and the recognition of one's own microphone while a provider is
 * there. Source: docs/decisions/0023-captions-and-the-place-of-a-share.md.
 */
import type { CaptionLine as ToldLine, ClientMessage } from '../protocol/index.ts';
import type {
  MeetingSnapshot,
  CaptionControls,
  CaptionLine,
  CaptionProvider,
  ParticipantId,
  SpeechSession,
  SpeechState,
} from './types.ts';

/** What one scrolls back to; the node repeats 20 to newcomers. */
export const MAX_LINES = 100;
/** As the node allows. */
export const MAX_CAPTION_LETTERS = 500;
/** Recognised words that change faster than this are read by nobody, and refused by the node. */
const INTERIM_MS = 300;
/** Numbers go on where an earlier page of the same person left off: seconds since here. */
const NUMBERS_BEGAN_AT_S = Date.UTC(2020, 0, 1) / 1_000;

export class Captions implements CaptionControls {
  readonly #send: (message: ClientMessage) => void;
  readonly #onChange: () => void;
  #lines: readonly CaptionLine[] = [];
  #next = Math.floor(Date.now() / 1_000 - NUMBERS_BEGAN_AT_S);
  #provider: CaptionProvider | null = null;
  #language = '';
  #microphone: MediaStreamTrack | null = null;
  #mayWrite = false;
  #session: { readonly track: MediaStreamTrack; readonly speech: SpeechSession } | null = null;
  /** The line that grows while one speaks. */
  #growing: number | null = null;
  #waiting: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #hasFailed = false;

  constructor(send: (message: ClientMessage) => void, onChange: () => void) {
    this.#send = send;
    this.#onChange = onChange;
  }

  /** Its part of the meeting's snapshot. */
  get shown(): Pick<MeetingSnapshot, 'captions' | 'speech'> {
    return { captions: this.lines, speech: this.speech };
  }

  get lines(): readonly CaptionLine[] {
    return this.#lines;
  }

  get speech(): SpeechState {
    if (this.#provider === null) return 'off';
    if (this.#hasFailed) return 'failed';
    return this.#session === null ? 'paused' : 'listening';
  }

  write(text: string): void {
    for (const piece of piecesOf(text)) this.#say(this.#takeNumber(), piece, true);
  }

  allow(participant: ParticipantId, isAllowed: boolean): void {
    this.#send({
      type: 'moderate',
      action: isAllowed ? 'allowCaptions' : 'stopCaptions',
      participant,
    });
  }

  setProvider(provider: CaptionProvider | null, language = ''): void {
    this.#stop();
    this.#provider = provider;
    this.#language = language;
    this.#hasFailed = false;
    this.#settle();
    this.#onChange();
  }

  /** What is sent of the own microphone now; null while it is muted. */
  handleMicrophone(track: MediaStreamTrack | null): void {
    this.#microphone = track;
    this.#settle();
  }

  handleRight(mayWrite: boolean): void {
    if (mayWrite === this.#mayWrite) return;
    this.#mayWrite = mayWrite;
    this.#settle();
  }

  handleJoined(told: readonly ToldLine[]): void {
    for (const line of told) this.#put(line);
  }

  handleLine(told: ToldLine): CaptionLine {
    return this.#put(told);
  }

  close(): void {
    this.#microphone = null;
    this.#stop();
  }

  #put({ from, displayName, line, text, final, at }: ToldLine): CaptionLine {
    const id = `${from} ${String(line)}`;
    const next: CaptionLine = { id, from, displayName, text, isFinal: final, at };
    const known = this.#lines.some((one) => one.id === id);
    this.#lines = known
      ? this.#lines.map((one) => (one.id === id ? next : one))
      : [...this.#lines, next].slice(-MAX_LINES);
    return next;
  }

  /** Recognition follows the microphone that is heard, and nobody is written down while muted. */
  #settle(): void {
    const track = this.#provider !== null && this.#mayWrite && !this.#hasFailed ? this.#microphone : null;
    if (this.#session?.track === track || (this.#session === null && track === null)) return;
    this.#stop();
    if (track !== null && this.#provider !== null) this.#start(this.#provider, track);
    this.#onChange();
  }

  #start(provider: CaptionProvider, track: MediaStreamTrack): void {
    let isCurrent = true;
    const fail = (): void => {
      if (!isCurrent) return;
      this.#hasFailed = true;
      this.#settle();
      this.#onChange();
    };
    try {
      const speech = provider.start(
        { track, language: this.#language },
        {
          onResult: ({ text, isFinal }) => {
            if (isCurrent) this.#handleResult(text, isFinal);
          },
          onError: fail,
        },
      );
      const stop = (): void => {
        isCurrent = false;
        speech.stop();
      };
      this.#session = { track, speech: { stop } };
    } catch {
      fail();
    }
  }

  #stop(): void {
    this.#session?.speech.stop();
    this.#session = null;
    this.#flush(true);
  }

  #handleResult(text: string, isFinal: boolean): void {
    if (text.trim() === '') return;
    this.#growing ??= this.#takeNumber();
    this.#waiting = text;
    if (isFinal) this.#flush(true);
    else
      this.#timer ??= setTimeout(() => {
        this.#flush(false);
      }, INTERIM_MS);
  }

  /** Says the latest words of the line that grows. */
  #flush(isFinal: boolean): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const [line, text] = [this.#growing, this.#waiting];
    if (line === null || text === null) return;
    const pieces = piecesOf(text);
    if (!isFinal) {
      this.#say(line, pieces.at(-1) ?? text, false);
      return;
    }
    pieces.forEach((piece, index) => {
      this.#say(index === 0 ? line : this.#takeNumber(), piece, true);
    });
    this.#growing = this.#waiting = null;
  }

  #say(line: number, text: string, final: boolean): void {
    this.#send({ type: 'caption', line, text, final });
  }

  #takeNumber(): number {
    return (this.#next += 1);
  }
}

/** What fits into a line each, cut between words where there are any. Pure. */
export function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  let letters = Array.from(text.trim());
  while (letters.length > MAX_CAPTION_LETTERS) {
    const space = letters.lastIndexOf(' ', MAX_CAPTION_LETTERS - 1);
    const end = space > 0 ? space : MAX_CAPTION_LETTERS;
    pieces.push(letters.slice(0, end).join(''));
    letters = Array.from(letters.slice(end).join('').trim());
  }
  if (letters.length > 0) pieces.push(letters.join(''));
  return pieces;
}
