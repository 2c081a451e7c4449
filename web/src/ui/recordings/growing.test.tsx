// @vitest-environment jsdom
/** How a film is watched while it is made, with a media source that keeps what it is given. */
import { act, render, screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecordingDetails } from '../../meeting/index.ts';
import { stubPage } from '../testing/page.ts';
import { Player } from './Player.tsx';
import type { RecordingsClient } from './RecordingsPage.tsx';

stubPage();

const MINUTE_BYTES = 1_000;
let minutes: number;
let links: number;
let asked: string[];
let answers: (path: string) => number;

/** Takes every piece for the four seconds that the playlist says. */
class KeepingBuffer extends EventTarget {
  readonly updating = false;
  appended = 0;
  get buffered(): TimeRanges {
    const end = Math.max(0, this.appended - 1) * 60;
    return { length: end > 0 ? 1 : 0, start: () => 0, end: () => end };
  }
  appendBuffer(): void {
    this.appended += 1;
  }
}

class KeepingSource extends EventTarget {
  static readonly types: string[] = [];
  readonly readyState = 'open';
  duration = NaN;
  constructor() {
    super();
    queueMicrotask(() => this.dispatchEvent(new Event('sourceopen')));
  }
  addSourceBuffer(type: string): KeepingBuffer {
    KeepingSource.types.push(type);
    return new KeepingBuffer();
  }
}

function bodyOf(path: string): string {
  if (path === 'master.m3u8')
    return '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f,mp4a.40.2"\nmedia.m3u8\n';
  if (path !== 'media.m3u8') return 'bytes';
  const pieces = Array.from({ length: minutes }, (_, minute) => {
    return `#EXTINF:60.000,\n#EXT-X-BYTERANGE:${String(MINUTE_BYTES)}@0\n0000${String(minute)}.m4s\n`;
  });
  return `#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n${pieces.join('')}`;
}

beforeEach(() => {
  [minutes, links, asked, answers] = [1, 0, [], () => 200];
  KeepingSource.types.length = 0;
  vi.stubGlobal('MediaSource', KeepingSource);
  URL.createObjectURL = () => 'blob:film';
  URL.revokeObjectURL = () => undefined;
  vi.stubGlobal('fetch', (url: URL, init?: RequestInit) => {
    const path = url.pathname.split('/').at(-1) ?? '';
    const { Range: range = '' } = (init?.headers ?? {}) as Record<string, string>;
    asked.push(`${url.host} ${path} ${range}`.trim());
    return Promise.resolve(new Response(bodyOf(path), { status: answers(path) }));
  });
});

const aMovingOne = (changes: Partial<RecordingDetails> = {}): RecordingDetails => ({
  ...{ id: 'rec_1', meeting: 'mtg_1', state: 'processing', reason: null, progress: 0.4 },
  ...{ requestedAt: '2026-11-23T12:00:00Z', startedAt: null, durationSeconds: null, bytes: null },
  ...{ storageClass: null, retainUntil: null, legalHold: false },
  access: { participants: false, users: [] },
  ...changes,
});

/** Links that end at once are `link-1`, `link-2`…: each is asked for where the one before has ended. */
function aClient(expiresAt = '2100-01-01T00:00:00Z'): RecordingsClient {
  const client: Partial<RecordingsClient> = {
    growing: () => {
      links += 1;
      return Promise.resolve({ url: `https://link-${String(links)}.test/p/hls/master.m3u8`, expiresAt });
    },
    media: () =>
      Promise.resolve({
        ...{ expiresAt: '2100-01-01T00:00:00Z', mp4: { url: 'https://media.test/film.mp4?Policy=1' } },
        ...{ chapters: null, chat: null, thumbnails: null },
      }),
  };
  return client as RecordingsClient;
}

const words = (length: string): string =>
  `The film is still being made; its beginning can be watched already: the first ${length}.`;

describe('a film that is being made', () => {
  it('is watched as far as it is done, and further with each minute', async () => {
    const client = aClient();
    const { rerender } = render(<Player recording={aMovingOne()} recordings={client} />);
    await screen.findByText(words('1 min'));
    expect(KeepingSource.types).toEqual(['video/mp4; codecs="avc1.64001f,mp4a.40.2"']);
    await waitFor(() => {
      expect(asked).toContain('link-1.test 00000.m4s bytes=0-999');
    });
    minutes = 2;
    rerender(<Player recording={aMovingOne({ progress: 0.8 })} recordings={client} />);
    await screen.findByText(words('2 min'));
    expect(links).toBe(1);
    expect(screen.queryByRole('button', { name: 'Download the film' })).toBeNull();
  });

  it('asks for another link where one has ended, and never else', async () => {
    const client = aClient('2000-01-01T00:00:00Z');
    render(<Player recording={aMovingOne()} recordings={client} />);
    await waitFor(() => {
      expect(asked.at(-1)).toMatch(/00000\.m4s/);
    });
    expect(asked).toEqual(asked.map((one, index) => one.replace(/link-\d+/, `link-${String(index + 1)}`)));
  });

  it('becomes the whole film in the same place, at the same speed', async () => {
    const client = aClient();
    const { rerender, container } = render(<Player recording={aMovingOne()} recordings={client} />);
    await screen.findByText(words('1 min'));
    const video = container.querySelector('video');
    if (video === null) throw new Error('no video');
    const play = vi.spyOn(video, 'play').mockResolvedValue();
    let now = 47;
    Object.defineProperty(video, 'readyState', { value: 4 });
    Object.defineProperty(video, 'paused', { value: false });
    Object.defineProperty(video, 'currentTime', { get: () => now, set: (to: number) => (now = to) });
    rerender(<Player recording={aMovingOne({ state: 'ready', progress: 1 })} recordings={client} />);
    await waitFor(() => {
      expect(video.getAttribute('src')).toContain('film.mp4');
    });
    expect(container.querySelector('video')).toBe(video);
    now = 0;
    act(() => {
      video.dispatchEvent(new Event('loadedmetadata'));
    });
    expect(now).toBe(47);
    expect(play).toHaveBeenCalled();
    expect(screen.queryByText(/still being made/)).toBeNull();
    expect(await screen.findByRole('button', { name: 'Download the film' })).toBeDefined();
  });

  const soon = 'It appears here by itself as soon as it is made.';

  it('is waited for where nothing is done, or the browser takes no pieces', async () => {
    const { rerender, container } = render(
      <Player recording={aMovingOne({ progress: 0 })} recordings={aClient()} />,
    );
    expect(await screen.findByText(soon)).toBeDefined();
    vi.stubGlobal('MediaSource', undefined);
    rerender(<Player recording={aMovingOne()} recordings={aClient()} />);
    expect(await screen.findByText(soon)).toBeDefined();
    expect(container.querySelector('video')).toBeNull();
    expect(links).toBe(0);
  });

  it.each([
    ['there is no link', { ...aClient(), growing: () => Promise.resolve(null) }, 200],
    ['the link opens nothing', aClient(), 403],
  ])('is waited for where %s, and watched when it is whole', async (_, client, status) => {
    answers = () => status;
    const { rerender, container } = render(<Player recording={aMovingOne()} recordings={client} />);
    await waitFor(() => {
      expect(container.querySelector('video')).toBeNull();
    });
    expect(screen.getByText(soon)).toBeDefined();
    rerender(<Player recording={aMovingOne({ state: 'ready', progress: 1 })} recordings={client} />);
    await screen.findByRole('button', { name: 'Download the film' });
    expect(container.querySelector('video')?.getAttribute('src')).toContain('film.mp4');
  });
});
