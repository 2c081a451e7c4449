/** One person in a meeting: a page with the SDK, and questions about what it sees and hears. */
import type { Browser, Page } from 'playwright-core';
import { openSdkPage } from './browser.ts';

export interface Seen {
  readonly name: string;
  readonly tracks: Readonly<Record<string, SeenTrack>>;
}

export interface SeenTrack {
  readonly muted: boolean;
  readonly hasPicture: boolean;
  readonly isPaused?: true;
  readonly isPausedBySender?: true;
}

/** What was heard and seen over some time. */
export interface Quality {
  /** Share of the sound that was made up for what did not come in time, 0 to 1. */
  readonly concealed: number;
  /** How long made-up sound lasts before real sound follows. */
  readonly meanGapMs: number;
  /** The longest that one voice was made up or silent for, at most. */
  readonly longestGapMs: number;
  readonly fps: number;
  readonly height: number;
  readonly freezes: number;
}

/** A point in what somebody has heard: time as the sound that was played counts it, however slow the machine. */
export interface Moment {
  readonly played: number;
  /** Of these seconds, those that were made up for what did not come. */
  readonly madeUp: number;
  /** All that were decoded. */
  readonly frames: number;
  /** The same by slot, with the height of each one's latest. */
  readonly slots: Readonly<Record<string, { readonly frames: number; readonly height: number }>>;
}

/** What was seen and heard over some seconds of sound. */
export interface Seconds {
  /** 0 without any picture. */
  readonly height: number;
  readonly fps: number;
  /** Share of the sound. */
  readonly madeUp: number;
}

export class Person {
  readonly page: Page;
  readonly name: string;
  readonly errors: readonly string[];

  private constructor(page: Page, name: string, errors: readonly string[]) {
    this.page = page;
    this.name = name;
    this.errors = errors;
  }

  static async open(browser: Browser, url: string, name: string): Promise<Person> {
    const { page, errors } = await openSdkPage(browser, url);
    return new Person(page, name, errors);
  }

  /** Joins with camera and microphone; without a codec the meeting chooses one by what it finds out. Returns the milliseconds from the call to `joined`. */
  async join(code: string, cameraCodec: 'vp8' | 'h264' | 'vp9' | 'av1' | null = 'vp8'): Promise<number> {
    await this.page.waitForFunction(() => 'sdk' in window);
    return this.page.evaluate(
      async ([meeting, displayName, cameraCodec]) => {
        const media = new window.sdk.LocalMedia();
        const [microphone, camera] = await Promise.all([media.startMicrophone(), media.startCamera()]);
        if (microphone === null || camera === null) throw new Error('no fake devices');
        const codec = cameraCodec === null ? { adapts: true } : { cameraCodec };
        window.meeting = new window.sdk.Meeting({ apiUrl: '/v1', ...codec });
        await window.meeting.prepare();
        const clicked = performance.now();
        await window.meeting.join({ meeting, displayName, microphone, camera });
        return performance.now() - clicked;
      },
      [code, this.name, cameraCodec] as const,
    );
  }

  state(): Promise<string> {
    return this.page.evaluate(() => window.meeting.state.kind);
  }

  /** Whether own ones are not sent, so that the voice gets through. */
  arePicturesPaused(): Promise<boolean> {
    return this.page.evaluate(() => window.meeting.getSnapshot().adaptation.arePicturesPaused);
  }

  participantId(): Promise<string | undefined> {
    return this.page.evaluate(() => window.meeting.getSnapshot().self?.id);
  }

  others(): Promise<Seen[]> {
    return this.page.evaluate(() =>
      window.meeting.participants
        .filter(({ isSelf }) => !isSelf)
        .map(({ displayName, tracks }) => ({
          name: displayName,
          tracks: Object.fromEntries(
            Object.values(tracks).map(({ source, muted, mediaStreamTrack, isPaused, isPausedBySender }) => [
              source,
              {
                muted,
                hasPicture: mediaStreamTrack !== null,
                ...(isPaused === true && { isPaused }),
                ...(isPausedBySender === true && { isPausedBySender }),
              },
            ]),
          ),
        })),
    );
  }

  /** How good everybody's link is said to be here, by name, one's own included. */
  links(): Promise<Readonly<Record<string, string>>> {
    return this.page.evaluate(() =>
      Object.fromEntries(
        window.meeting.participants.map(({ displayName, connectionQuality }) => [
          displayName,
          connectionQuality,
        ]),
      ),
    );
  }

  /** Frames decoded and sound energy received over all slots of the present connection. */
  received(): Promise<{ frames: number; energy: number }> {
    return this.page.evaluate(async () => {
      const connection = window.peerConnections.at(-1);
      const report = (await connection?.getStats()) as
        ReadonlyMap<string, Record<string, unknown>> | undefined;
      const sum = (name: string) =>
        [...(report?.values() ?? [])]
          .filter((entry) => entry['type'] === 'inbound-rtp')
          .reduce((total, entry) => total + Number(entry[name] ?? 0), 0);
      return { frames: sum('framesDecoded'), energy: sum('totalAudioEnergy') };
    });
  }

  /** Asks for everybody's camera in a tile of this height. */
  async show(maxHeight: number): Promise<void> {
    await this.page.evaluate((height) => {
      const cameras = window.meeting.participants.flatMap(({ isSelf, tracks }) =>
        isSelf || tracks.camera === undefined ? [] : [tracks.camera.id],
      );
      window.meeting.setVisible(cameras.map((track) => ({ track, maxHeight: height })));
    }, maxHeight);
  }

  /** Asks for one person's camera alone. */
  async showOnly(name: string, maxHeight: number): Promise<void> {
    await this.page.evaluate(
      ([name, maxHeight]) => {
        const camera = window.meeting.participants.find(({ displayName }) => displayName === name)?.tracks
          .camera;
        window.meeting.setVisible(camera === undefined ? [] : [{ track: camera.id, maxHeight }]);
      },
      [name, maxHeight] as const,
    );
  }

  /** What arrives in the slot whose packet is the newest: frames so far, and in which codec. */
  newest(): Promise<{ codec: string; frames: number }> {
    return this.page.evaluate(async () => {
      const report = (await window.peerConnections.at(-1)?.getStats()) as
        ReadonlyMap<string, Record<string, unknown>> | undefined;
      const pictures = [...(report?.values() ?? [])].filter(
        (one) => one['type'] === 'inbound-rtp' && one['kind'] === 'video',
      );
      const at = (one: Record<string, unknown>) => Number(one['lastPacketReceivedTimestamp'] ?? 0);
      const newest = pictures.reduce<Record<string, unknown>>((a, b) => (at(b) > at(a) ? b : a), {});
      const codec = report?.get(String(newest['codecId']))?.['mimeType'];
      return { codec: typeof codec === 'string' ? codec : '', frames: Number(newest['framesDecoded'] ?? 0) };
    });
  }

  /** What arrives in the first slot that has a picture. */
  picture(): Promise<{ height: number; frames: number; codec: string; freezes: number; lost: number }> {
    return this.page.evaluate(async () => {
      const report = (await window.peerConnections.at(-1)?.getStats()) as
        ReadonlyMap<string, Record<string, unknown>> | undefined;
      const entries = [...(report?.values() ?? [])];
      const seen = entries.find((one) => one['type'] === 'inbound-rtp' && Number(one['framesDecoded']) > 0);
      const codec = report?.get(String(seen?.['codecId']))?.['mimeType'];
      return {
        height: Number(seen?.['frameHeight'] ?? 0),
        frames: Number(seen?.['framesDecoded'] ?? 0),
        codec: typeof codec === 'string' ? codec : '',
        freezes: Number(seen?.['freezeCount'] ?? 0),
        lost: Number(seen?.['packetsLost'] ?? 0),
      };
    });
  }

  /** The heights in which the camera is encoded now, voice so far, and what the browser takes its path for. */
  sent(): Promise<{ heights: readonly number[]; audioPackets: number; availableBps: number }> {
    return this.page.evaluate(async () => {
      const report = (await window.peerConnections.at(-1)?.getStats()) as
        ReadonlyMap<string, Record<string, unknown>> | undefined;
      const entries = [...(report?.values() ?? [])];
      const sent = entries.filter((one) => one['type'] === 'outbound-rtp');
      const pictures = sent.filter((one) => one['kind'] === 'video' && one['active'] === true);
      const most = (of: typeof entries, name: string) =>
        Math.max(0, ...of.map((one) => Number(one[name] ?? 0)));
      return {
        heights: pictures.map((one) => Number(one['frameHeight'] ?? 0)).filter((height) => height > 0),
        audioPackets: most(
          sent.filter((one) => one['kind'] === 'audio'),
          'packetsSent',
        ),
        availableBps: most(entries, 'availableOutgoingBitrate'),
      };
    });
  }

  /** Now, over all slots of the present connection. */
  moment(): Promise<Moment> {
    return this.page.evaluate(async () => {
      const report = (await window.peerConnections.at(-1)?.getStats()) as
        ReadonlyMap<string, Record<string, unknown>> | undefined;
      const inbound = [...(report?.values() ?? [])].filter((one) => one['type'] === 'inbound-rtp');
      const sound = inbound.filter((one) => one['kind'] === 'audio');
      const pictures = inbound.filter((one) => one['kind'] === 'video');
      const most = (entries: typeof inbound, name: string) =>
        Math.max(0, ...entries.map((one) => Number(one[name] ?? 0)));
      const sum = (entries: typeof inbound, name: string) =>
        entries.reduce((total, one) => total + Number(one[name] ?? 0), 0);
      return {
        played: most(sound, 'totalSamplesReceived') / 48_000,
        madeUp: (sum(sound, 'concealedSamples') - sum(sound, 'silentConcealedSamples')) / 48_000,
        frames: sum(pictures, 'framesDecoded'),
        slots: Object.fromEntries(
          pictures.map((one) => [
            String(one['id']),
            { frames: Number(one['framesDecoded'] ?? 0), height: Number(one['frameHeight'] ?? 0) },
          ]),
        ),
      };
    });
  }

  /** What is seen and heard from now on, until so many seconds of sound were played. */
  async seconds(length: number): Promise<Seconds> {
    const before = await this.moment();
    const after = await eventually(
      () => this.moment(),
      ({ played }) => played >= before.played + length,
    );
    const played = after.played - before.played;
    // A slot that carries nothing any more keeps the height of its last picture.
    const shown = Object.entries(after.slots).filter(
      ([id, { frames }]) => frames > (before.slots[id]?.frames ?? 0),
    );
    return {
      height: Math.max(0, ...shown.map(([, { height }]) => height)),
      fps: (after.frames - before.frames) / played,
      madeUp: (after.madeUp - before.madeUp) / played,
    };
  }

  /** What is heard and seen from now on for so long, of everybody together. */
  async qualityOf(ms: number): Promise<Quality> {
    const before = await this.#counters();
    const longestGapMs = await this.#longestGapMs(ms);
    const after = await this.#counters();
    const seconds = (after.at - before.at) / 1000;
    const gaps = Math.max(1, after.gaps - before.gaps);
    return {
      longestGapMs,
      meanGapMs: (after.concealed - before.concealed) / 48 / gaps,
      concealed: (after.concealed - before.concealed) / Math.max(1, after.samples - before.samples),
      fps: (after.frames - before.frames) / seconds,
      height: after.height,
      freezes: after.freezes - before.freezes,
    };
  }

  /**
   * Looks every tenth of a second. Where a part of a tenth was made up, that may have been its end or its beginning, so
   * that it counts for the gap before and for the one after.
   */
  #longestGapMs(ms: number): Promise<number> {
    return this.page.evaluate(async (ms) => {
      const seen = new Map<string, { samples: number; concealed: number; gap: number }>();
      const until = performance.now() + ms;
      let longest = 0;
      while (performance.now() < until) {
        const report = (await window.peerConnections.at(-1)?.getStats()) as
          ReadonlyMap<string, Record<string, unknown>> | undefined;
        for (const one of report?.values() ?? []) {
          if (one['type'] !== 'inbound-rtp' || one['kind'] !== 'audio') continue;
          const [samples, concealed] = [
            Number(one['totalSamplesReceived'] ?? 0),
            Number(one['concealedSamples'] ?? 0),
          ];
          const before = seen.get(String(one['id'])) ?? { samples, concealed, gap: 0 };
          const added = concealed - before.concealed;
          const gap = before.gap + added;
          longest = Math.max(longest, gap);
          const isWhole = added >= 0.95 * (samples - before.samples);
          seen.set(String(one['id']), { samples, concealed, gap: isWhole ? gap : added });
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return longest / 48;
    }, ms);
  }

  #counters(): Promise<
    Record<'at' | 'samples' | 'concealed' | 'gaps' | 'frames' | 'height' | 'freezes', number>
  > {
    return this.page.evaluate(async () => {
      const report = (await window.peerConnections.at(-1)?.getStats()) as
        ReadonlyMap<string, Record<string, unknown>> | undefined;
      const inbound = [...(report?.values() ?? [])].filter((one) => one['type'] === 'inbound-rtp');
      const sum = (name: string) => inbound.reduce((total, one) => total + Number(one[name] ?? 0), 0);
      return {
        at: performance.now(),
        samples: sum('totalSamplesReceived'),
        concealed: sum('concealedSamples') - sum('silentConcealedSamples'),
        gaps: sum('concealmentEvents'),
        frames: sum('framesDecoded'),
        height: Math.max(0, ...inbound.map((one) => Number(one['frameHeight'] ?? 0))),
        freezes: sum('freezeCount'),
      };
    });
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

/** Asks again every 50 ms until the answer is what it should be; the test's own limit ends it otherwise. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isRight: (answer: T) => boolean,
  limitMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`still not right: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
