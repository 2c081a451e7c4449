import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LevelMeter } from './LevelMeter.ts';
import { MicrophoneWatch } from './MicrophoneWatch.ts';
import { NoiseFilter } from './NoiseFilter.ts';

vi.mock('./rnnoise.ts', () => ({ makeRnnoise: () => Promise.resolve(new Node()) }));

class Node {
  readonly stream = { getAudioTracks: () => [{ contentHint: '', stop: () => undefined }] };
  connect(next: Node): Node {
    return next;
  }
  getFloatTimeDomainData = (): void => undefined;
}

/** As Safari's: while a phone call interrupts it, it refuses to go on. */
class Context {
  static last: Context;
  state = 'suspended';
  resumed = 0;
  onstatechange: (() => void) | null = null;

  constructor() {
    Context.last = this;
  }

  resume(): Promise<void> {
    this.resumed += 1;
    if (this.state === 'interrupted') return Promise.reject(new DOMException('', 'InvalidStateError'));
    this.state = 'running';
    return Promise.resolve();
  }

  close = (): Promise<void> => Promise.resolve();
}

const TRACK = {} as MediaStreamTrack;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('AudioContext', Context);
  for (const name of ['AnalyserNode', 'MediaStreamAudioSourceNode', 'MediaStreamAudioDestinationNode']) {
    vi.stubGlobal(name, Node);
  }
  vi.stubGlobal('MediaStream', Object);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it.each([
  ['a level meter', () => Promise.resolve(new LevelMeter(TRACK))],
  ['a watched microphone', () => Promise.resolve(new MicrophoneWatch(TRACK, () => undefined))],
  ['a noise filter', () => NoiseFilter.open(TRACK)],
])('%s goes on after a phone call, and is not forced to during it', async (_, open) => {
  const opened = await open();
  vi.advanceTimersByTime(200);
  const context = Context.last;
  expect([context.state, context.resumed]).toEqual(['running', 1]);
  context.state = 'interrupted';
  context.onstatechange?.();
  vi.advanceTimersByTime(200);
  expect([context.state, context.resumed]).toEqual(['interrupted', 1]);
  context.state = 'suspended';
  context.onstatechange?.();
  vi.advanceTimersByTime(200);
  expect([context.state, context.resumed]).toEqual(['running', 2]);
  opened.close();
});
