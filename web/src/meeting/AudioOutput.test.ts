import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { AudioGraph } from './AudioGraph.ts';
import { AudioOutput } from './AudioOutput.ts';

interface FakeElement {
  volume: number;
  muted: boolean;
  play: () => Promise<void>;
  remove: () => void;
}

let elements: FakeElement[];
let graphs: { gains: readonly number[]; isMono: boolean; isClosed: boolean; resumed: number }[];
let isRunning: boolean;
let isVolumeFixed: boolean;
let tellState: () => void;
let playback: string[];
let refusePlay: boolean;
let output: AudioOutput;

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
};

beforeEach(() => {
  [elements, graphs, isRunning, playback, refusePlay, isVolumeFixed] = [[], [], true, [], false, false];
  vi.stubGlobal('MediaStream', Object);
  vi.stubGlobal('document', {
    body: { append: () => undefined },
    createElement: () => {
      let volume = 1;
      const element = {
        get volume() {
          return volume;
        },
        set volume(wanted) {
          if (!isVolumeFixed) volume = wanted;
        },
        muted: false,
        play: () =>
          refusePlay ? Promise.reject(new DOMException('click first', 'NotAllowedError')) : Promise.resolve(),
        remove: () => undefined,
      };
      elements.push(element);
      return element;
    },
  });
  output = new AudioOutput(
    (state) => playback.push(state),
    (onState) => {
      const graph = { gains: [] as readonly number[], isMono: false, isClosed: false, resumed: 0 };
      tellState = onState;
      graphs.push(graph);
      return {
        get isRunning() {
          return isRunning;
        },
        play: () => undefined,
        setGains: (gains: readonly number[]) => (graph.gains = gains),
        setMono: (isMono: boolean) => (graph.isMono = isMono),
        setSink: () => Promise.resolve(),
        resume: () => {
          graph.resumed += 1;
          return Promise.resolve();
        },
        close: () => (graph.isClosed = true),
      } as unknown as AudioGraph;
    },
  );
  play();
  return () => {
    output.close();
    vi.unstubAllGlobals();
  };
});

function play(): void {
  elements = [];
  output.play(['4', '5'].map((slot) => ({ slot, track: {} as MediaStreamTrack })));
}

describe('AudioOutput', () => {
  it('turns people down without an audio graph', () => {
    output.setVolume(0.5);
    output.setGains(new Map([['5', 0.5]]));
    expect(elements.map(({ volume }) => volume)).toEqual([0.5, 0.25]);
    expect(graphs).toEqual([]);
  });

  it('makes people louder than they are with one, and takes it away again', async () => {
    output.setGains(new Map([['5', 2]]));
    await settle();
    expect(graphs[0]).toMatchObject({ gains: [1, 2], isMono: false });
    expect(elements.map(({ muted }) => muted)).toEqual([true, true]);
    output.setGains(new Map());
    expect(graphs[0]!.isClosed).toBe(true);
    expect(elements.map(({ muted }) => muted)).toEqual([false, false]);
  });

  it('lets both ears hear the same', async () => {
    output.setMono(true);
    await settle();
    expect(graphs[0]).toMatchObject({ isMono: true });
  });

  it('keeps everyone audible where the browser lets no graph run', async () => {
    isRunning = false;
    output.setGains(new Map([['5', 2]]));
    await settle();
    expect(elements.map(({ muted, volume }) => [muted, volume])).toEqual([
      [false, 1],
      [false, 1],
    ]);
  });

  it('turns people down with an audio graph where elements are as loud as the device, as on iPhones', async () => {
    isVolumeFixed = true;
    play();
    expect(graphs).toEqual([]);
    output.setGains(new Map([['5', 0.5]]));
    await settle();
    expect(graphs[0]).toMatchObject({ gains: [1, 0.5] });
    expect(elements.map(({ muted }) => muted)).toEqual([true, true]);
  });

  it('silences people where neither elements can be turned down nor a graph may run', async () => {
    [isVolumeFixed, isRunning] = [true, false];
    play();
    output.setGains(new Map([['5', 0]]));
    await settle();
    expect(elements.map(({ muted }) => muted)).toEqual([false, true]);
  });

  it('lets elements be heard again while a phone call interrupts the graph, and wakes it', async () => {
    output.setGains(new Map([['5', 2]]));
    await settle();
    const { resumed } = graphs[0]!;
    isRunning = false;
    tellState();
    expect(elements.map(({ muted }) => muted)).toEqual([false, false]);
    expect(graphs[0]!.resumed).toBe(resumed + 1);
    isRunning = true;
    tellState();
    expect(elements.map(({ muted }) => muted)).toEqual([true, true]);
  });

  it('says that the browser wants a click first, and that it plays after one', async () => {
    refusePlay = true;
    output.resume();
    await settle();
    refusePlay = false;
    output.resume();
    await settle();
    expect(playback).toEqual(['blocked', 'playing']);
  });
});
