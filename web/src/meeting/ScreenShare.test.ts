import { beforeEach, describe, expect, it } from 'vitest';
import { ScreenShare } from './ScreenShare.ts';

const CELLS = 144;
const nothing = new Uint8Array(CELLS);
const film = new Uint8Array(CELLS).map((_, cell) => (cell % 16 < 6 && cell < 16 * 5 ? 1 : 0));
const line = new Uint8Array(CELLS).map((_, cell) => (cell < 3 ? 1 : 0));
const page = new Uint8Array(CELLS).fill(1);

class FakeTrack extends EventTarget {
  contentHint = '';
  isStopped = false;
  surface = 'window';
  onended: (() => void) | null = null;
  stop(): void {
    this.isStopped = true;
  }
  getSettings(): object {
    return { displaySurface: this.surface };
  }
}

let now: number;
let share: ScreenShare;
let video: FakeTrack;
let changes: number;
let ended: number;
let audioEnded: number;
let watches: { sample: (cells: Uint8Array) => void; isClosed: boolean }[];

const streamOf = (...tracks: FakeTrack[]) =>
  ({ getVideoTracks: () => tracks, getAudioTracks: () => [] }) as unknown as MediaStream;
const withAudio = (audio: FakeTrack) =>
  ({ getVideoTracks: () => [new FakeTrack()], getAudioTracks: () => [audio] }) as unknown as MediaStream;

function show(cells: Uint8Array, ms: number): void {
  for (let passed = 0; passed < ms; passed += 100) {
    now += 100;
    watches.at(-1)?.sample(cells);
  }
}

beforeEach(() => {
  [now, changes, ended, audioEnded, watches, video] = [0, 0, 0, 0, [], new FakeTrack()];
  share = new ScreenShare(
    {
      onChange: () => (changes += 1),
      onEnded: () => (ended += 1),
      onAudioEnded: () => (audioEnded += 1),
    },
    (_track, sample) => {
      const watch = { sample, isClosed: false, close: () => (watch.isClosed = true) };
      watches.push(watch);
      return watch;
    },
    () => now,
  );
  share.start(streamOf(video), 'auto');
});

describe('ScreenShare', () => {
  it('begins sharp, as text', () => {
    expect(share.snapshot).toEqual({ content: 'text', chosen: 'auto', surface: 'window' });
    expect(share.shape).toMatchObject({ contentHint: 'text', degradationPreference: 'maintain-resolution' });
    expect(video.contentHint).toBe('text');
  });

  it('gives a film its frames, and turns back to sharpness when it ends', () => {
    show(film, 3_000);
    expect(share.snapshot?.content).toBe('motion');
    expect(share.shape).toMatchObject({ maxFramerate: 30, degradationPreference: 'maintain-framerate' });
    expect(video.contentHint).toBe('motion');
    show(nothing, 3_500);
    expect(video.contentHint).toBe('text');
  });

  it('spends few frames on a page that scrolls and on a picture that rests', () => {
    show(page, 1_200);
    expect(share.shape.maxFramerate).toBe(8);
    show(nothing, 6_000);
    expect(share.snapshot?.content).toBe('static');
    expect(share.shape.maxFramerate).toBe(5);
  });

  it('follows a hand that types, with as many frames as the screen has', () => {
    for (let key = 0; key < 10; key += 1) {
      show(line, 100);
      show(nothing, 200);
    }
    expect(share.shape.maxFramerate).toBe(30);
  });

  it('sharpens a new page at once, and then follows the hand again', () => {
    const type = (): void => {
      show(line, 100);
      show(nothing, 100);
    };
    for (let key = 0; key < 10; key += 1) type();
    expect(share.shape.maxFramerate).toBe(30);
    show(page, 100);
    expect(share.shape.maxFramerate).toBe(8);
    for (let key = 0; key < 20; key += 1) type();
    expect(share.shape.maxFramerate).toBe(30);
  });

  it('changes frame rates once a second at most, and says nothing while nothing changes', () => {
    show(nothing, 2_000);
    const before = changes;
    for (let turn = 0; turn < 10; turn += 1) show(turn % 2 === 0 ? page : nothing, 100);
    expect(changes - before).toBeLessThanOrEqual(1);
    show(nothing, 10_000);
    const quiet = changes;
    show(nothing, 10_000);
    expect(changes).toBe(quiet);
  });

  it('takes the word of the sharer, until they leave it to the classifier again', () => {
    share.choose('motion');
    show(nothing, 10_000);
    expect(share.snapshot).toMatchObject({ content: 'motion', chosen: 'motion' });
    share.choose('auto');
    expect(share.snapshot).toMatchObject({ content: 'static', chosen: 'auto' });
  });

  it('looks anew when the browser switches to another surface', () => {
    show(film, 3_000);
    video.surface = 'browser';
    video.dispatchEvent(new Event('configurationchange'));
    expect(share.snapshot).toMatchObject({ content: 'text', surface: 'browser' });
  });

  it('stops what it captured before when something else is shared in its place', () => {
    const other = new FakeTrack();
    share.start(streamOf(other), 'text');
    expect([video.isStopped, watches[0]!.isClosed]).toEqual([true, true]);
    expect([other.isStopped, watches[1]!.isClosed]).toEqual([false, false]);
    expect(share.video).toBe(other);
  });

  it('says when the browser ended it', () => {
    video.onended?.();
    expect(ended).toBe(1);
  });

  it('goes on without its sound when that ends by itself', () => {
    const audio = new FakeTrack();
    share.start(withAudio(audio), 'auto');
    expect(share.audio).toBe(audio);
    audio.onended?.();
    expect([audioEnded, ended, share.audio]).toEqual([1, 0, null]);
    expect(share.snapshot).not.toBeNull();
  });

  it('is told nothing of the sound of a share that has been stopped', () => {
    const audio = new FakeTrack();
    share.start(withAudio(audio), 'auto');
    share.stop();
    expect([audio.isStopped, audio.onended]).toEqual([true, null]);
  });

  it('keeps what is shared when the new stream holds no picture', () => {
    expect(share.start(streamOf(), 'auto')).toBe(false);
    expect(video.isStopped).toBe(false);
  });
});
