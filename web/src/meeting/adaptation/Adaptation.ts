/** Adaptation: what this device shows and sends now, by what it is, how it does, and how it should spare its battery. */
import { decodesOf, probeDevice, type Device } from '../../media/index.ts';
import type { SharedCodecs } from '../../protocol/index.ts';
import type { CameraCodec, Connection } from '../../rtc/index.ts';
import { Statistics, type Counted, type MeetingStatistics } from '../Statistics.ts';
import { CodecChoice } from './CodecChoice.ts';
import { NarrowUplink } from './NarrowUplink.ts';
import { LoadLadder, SAVER_LEVEL, startOf, planAt, type Load, type Plan } from './policy.ts';

export interface AdaptationSnapshot {
  /** 0 is everything; each higher level is lighter. */
  readonly level: number;
  readonly plan: Plan;
  /** Why it is not everything: what holds it at this level. */
  readonly reason: 'battery' | 'cpu' | 'device' | null;
  /** Whether the battery is spared, also where something else holds back more than that. */
  readonly isSaving: boolean;
  /**
   * The way to the node carries hardly a voice: of camera and screen nothing is sent, so that one is heard. They come back by
   * themselves.
   */
  readonly arePicturesPaused: boolean;
}

/** What follows from the device. */
type DeviceSnapshot = Omit<AdaptationSnapshot, 'arePicturesPaused'>;

export class Adaptation {
  #ladder = new LoadLadder({ level: 0, best: 0 }, null);
  #first = 0;
  #isSaving = false;

  get snapshot(): DeviceSnapshot {
    const { level: byLoad } = this.#ladder;
    const isBySaver = this.#isSaving && SAVER_LEVEL >= byLoad;
    const level = isBySaver ? SAVER_LEVEL : byLoad;
    const byDevice = byLoad > this.#first ? 'cpu' : level > 0 ? 'device' : null;
    return { level, plan: planAt(level), reason: isBySaver ? 'battery' : byDevice, isSaving: this.#isSaving };
  }

  handleDevice(device: Device): void {
    const { level, best } = startOf(device);
    this.#first = level;
    this.#ladder = new LoadLadder({ level: Math.max(level, this.#ladder.level), best }, device.cores);
  }

  setSaving(isSaving: boolean): void {
    this.#isSaving = isSaving;
  }

  /** Returns whether something has changed. */
  handleStatistics(now: number, statistics: MeetingStatistics): boolean {
    return this.#ladder.handleLoad(now, loadOf(statistics));
  }
}

export function loadOf({ streams }: MeetingStatistics): Load {
  const costOf = (direction: 'sending' | 'receiving'): number =>
    streams
      .filter((stream) => stream.kind === 'video' && stream.direction === direction)
      .reduce((sum, { codingMsPerFrame, fps }) => sum + (codingMsPerFrame ?? 0) * fps, 0);
  return {
    encodeMs: costOf('sending'),
    decodeMs: costOf('receiving'),
    isCpuLimited: streams.some(({ limitation, fps }) => limitation === 'cpu' && fps > 0),
  };
}

/** The connection, as far as a plan concerns it. */
type Adapted = Counted & Pick<Connection, 'carry' | 'limitCamera' | 'sampleVoice' | 'useCodec'>;

/** Keeps an adaptation going through a meeting. */
export class Adapting {
  readonly #adaptation = new Adaptation();
  readonly #isByLoad: boolean;
  readonly #connection: () => Adapted | null;
  readonly #onChange: () => void;
  /** Of its own, because rates are since the last look. */
  readonly #statistics: Statistics;
  #snapshot: AdaptationSnapshot = { ...this.#adaptation.snapshot, arePicturesPaused: false };
  #hasLimited = false;
  readonly #uplink = new NarrowUplink();
  readonly #choice: CodecChoice;
  #hasChosen = false;
  #device: Device | null = null;

  /** Where it does not adapt it holds nothing back but what spares the battery. */
  constructor(
    { adapts, cameraCodec }: { readonly adapts?: boolean; readonly cameraCodec?: CameraCodec },
    connection: () => Adapted | null,
    onChange: () => void,
  ) {
    this.#isByLoad = adapts === true;
    this.#choice = new CodecChoice(cameraCodec ?? null);
    this.#connection = connection;
    this.#onChange = onChange;
    this.#statistics = new Statistics(connection, () => ({ source: null, participant: null }));
  }

  get snapshot(): AdaptationSnapshot {
    return this.#snapshot;
  }

  /** What the device decodes smoothly, as far as it is known by now: nothing waits for it, as the offer says much of it. */
  get decodes(): ReturnType<typeof decodesOf> {
    return decodesOf(this.#device);
  }

  async start(probe: () => Promise<Device> = probeDevice): Promise<void> {
    if (this.#device !== null) return;
    const device = (this.#device = await probe());
    if (!this.#isByLoad) return;
    this.#adaptation.handleDevice(device);
    this.#choice.handleDevice(device);
    this.#settle();
    this.#settleCodec();
  }

  /** What everybody here decodes, at each `joined` and change; null from a node that does not say. */
  handleCodecs(shared: SharedCodecs | null): void {
    this.#choice.handleShared(shared);
    this.#settleCodec();
    // Before its answer a connection knows of no codec.
    void this.#applyCodec();
  }

  setSaving(isSaving: boolean): void {
    this.#adaptation.setSaving(isSaving);
    this.#settle();
  }

  async tick(): Promise<void> {
    const connection = this.#connection();
    // Asked for at once: the connection reads its statistics for both together.
    const [voice, statistics] = await Promise.all([
      connection?.sampleVoice(),
      this.#isByLoad ? this.#statistics.sample() : null,
    ]);
    if (voice !== undefined && this.#uplink.handleVoice(performance.now(), voice))
      await connection?.carry(this.#uplink.uplink);
    this.#settleCodec();
    if (statistics !== null) this.#adaptation.handleStatistics(performance.now(), statistics);
    this.#settle();
  }

  /** Holds the camera back; where it never was, it is left as it is. */
  async apply(): Promise<void> {
    await this.#applyCodec();
    const { level, plan } = this.#snapshot;
    if (level === 0 && !this.#hasLimited) return;
    this.#hasLimited = true;
    await this.#connection()?.limitCamera({ maxHeight: plan.sendHeight, maxFps: plan.sendFps });
  }

  async #applyCodec(): Promise<void> {
    if (this.#hasChosen) await this.#connection()?.useCodec(this.#choice.codec);
  }

  #settleCodec(): void {
    this.#choice.handleRoom(this.#snapshot.level === 0);
    if (!this.#choice.settle(performance.now())) return;
    this.#hasChosen = true;
    void this.#applyCodec();
  }

  #settle(): void {
    const before = this.#snapshot;
    const { arePicturesPaused } = this.#uplink;
    const now = { ...this.#adaptation.snapshot, arePicturesPaused };
    if (
      (['level', 'reason', 'isSaving', 'arePicturesPaused'] as const).every(
        (name) => now[name] === before[name],
      )
    )
      return;
    this.#snapshot = now;
    this.#onChange();
  }
}
