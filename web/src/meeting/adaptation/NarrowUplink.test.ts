import { describe, expect, it } from 'vitest';
import type { Uplink } from '../../rtc/index.ts';
import { NarrowUplink } from './NarrowUplink.ts';

const SAMPLE_MS = 2_000;
/** What a path of 30 kbit/s loses of each. */
const AT_30: Readonly<Record<Uplink, number>> = { all: 0.85, voice: 0.55, narrow: 0.02 };
const NOTHING = { all: 0, voice: 0, narrow: 0 };

/** A microphone whose packets are counted each two seconds. */
class Link {
  readonly #uplink = new NarrowUplink();
  #now = 0;
  #packets = 0;

  get uplink(): Uplink {
    return this.#uplink.uplink;
  }

  get arePicturesPaused(): boolean {
    return this.#uplink.arePicturesPaused;
  }

  /** Returns what it changed to, and at which second. */
  run(seconds: number, loss: Readonly<Record<Uplink, number>>, perSecond = 50): [number, Uplink][] {
    const changes: [number, Uplink][] = [];
    for (const until = this.#now + seconds * 1_000; this.#now < until;) {
      this.#now += SAMPLE_MS;
      this.#packets += perSecond * 2;
      const sample = { packetsSent: this.#packets, loss: loss[this.uplink] };
      if (this.#uplink.handleVoice(this.#now, sample)) changes.push([this.#now / 1_000, this.uplink]);
    }
    return changes;
  }

  startAnew(): void {
    this.#packets = 0;
  }
}

describe('a narrow uplink', () => {
  it('gives up pictures where most of a voice is lost in two samples in a row, then long packets', () => {
    const link = new Link();
    link.run(10, NOTHING);
    expect(link.run(2, AT_30)).toEqual([]);
    expect(link.run(2, NOTHING)).toEqual([]);
    expect(link.run(8, AT_30)).toEqual([
      [18, 'voice'],
      [22, 'narrow'],
    ]);
  });

  it('gives up nothing where a good third of the packets is lost at random', () => {
    const lossy = { all: 0.45, voice: 0.45, narrow: 0.45 };
    expect(new Link().run(120, lossy)).toEqual([]);
  });

  it('is not looked for in the few packets of a silent microphone', () => {
    expect(new Link().run(20, { all: 1, voice: 1, narrow: 1 }, 2)).toEqual([]);
  });

  it('has everything again within ten seconds of a path that is wide', () => {
    const link = new Link();
    link.run(2, NOTHING);
    link.run(8, AT_30);
    expect(link.uplink).toBe('narrow');
    expect(link.run(10, NOTHING)).toEqual([
      [16, 'voice'],
      [18, 'all'],
    ]);
  });

  it('keeps a voice that is sent twice where only pictures do not fit', () => {
    const link = new Link();
    const changes = link.run(120, { all: 0.6, voice: 0, narrow: 0 });
    expect(new Set(changes.map(([, uplink]) => uplink))).toEqual(new Set(['all', 'voice']));
    expect(changes.filter(([, uplink]) => uplink === 'all').length).toBeLessThan(10);
  });

  it('says that pictures pause until a trial has shown that they fit', () => {
    const link = new Link();
    const onlyVoice = { all: 0.6, voice: 0, narrow: 0 };
    link.run(4, onlyVoice);
    expect(link.arePicturesPaused).toBe(false);
    link.run(2, onlyVoice);
    expect(link.arePicturesPaused).toBe(true);
    for (let trials = 0, second = 0; second < 120; second += 2) {
      trials += link.run(2, onlyVoice).filter(([, uplink]) => uplink === 'all').length;
      expect([trials, link.arePicturesPaused]).toEqual([trials, true]);
    }
    while (link.uplink !== 'all') link.run(2, NOTHING);
    expect(link.arePicturesPaused).toBe(true);
    link.run(2, NOTHING);
    expect(link.arePicturesPaused).toBe(false);
  });

  it('is tried ever more rarely while it stays narrow', () => {
    const link = new Link();
    const tried = link.run(600, AT_30).filter(([, uplink]) => uplink === 'voice');
    const apart = tried.slice(1).map(([at], index) => at - (tried[index]?.[0] ?? 0));
    expect(apart.slice(1)).toEqual([...apart.slice(1)].sort((a, b) => a - b));
    expect(apart.at(-1)).toBeGreaterThanOrEqual(20);
  });

  it('is forgotten with the connection that it was of', () => {
    const link = new Link();
    link.run(10, AT_30);
    expect(link.uplink).toBe('narrow');
    link.startAnew();
    expect(link.run(2, NOTHING, 5)).toEqual([[12, 'all']]);
    expect(link.arePicturesPaused).toBe(false);
  });
});
