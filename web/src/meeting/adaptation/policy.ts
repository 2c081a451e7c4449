/**
 * How much of a meeting a device shows and sends, and in which codec. Pure.
 *
 * A ladder of plans, each lighter than the one above. A device that looks weak starts a step lower and soon shows
 * whether it is; one that cannot keep up steps down before it stutters, and up again only after a long calm, each time
 * longer than the last: nothing flaps.
 */
import type { CodecName, Device } from '../../media/index.ts';
import type { SharedCodecs } from '../../protocol/index.ts';
import type { CameraCodec } from '../../rtc/index.ts';
import type { TrackId, VisibleTrack } from '../types.ts';

export interface Plan {
  /** Pictures that are shown at once. */
  readonly tiles: number;
  readonly receiveHeight: number;
  readonly sendHeight: number;
  readonly sendFps: number;
  /** Whether pictures and sounds may be beautified, and things may move. */
  readonly hasEffects: boolean;
}

export const PLANS: readonly Plan[] = [
  { tiles: 49, receiveHeight: 2160, sendHeight: 720, sendFps: 30, hasEffects: true },
  { tiles: 9, receiveHeight: 720, sendHeight: 720, sendFps: 24, hasEffects: true },
  { tiles: 6, receiveHeight: 360, sendHeight: 360, sendFps: 24, hasEffects: true },
  { tiles: 4, receiveHeight: 360, sendHeight: 360, sendFps: 15, hasEffects: false },
  { tiles: 2, receiveHeight: 180, sendHeight: 180, sendFps: 15, hasEffects: false },
  { tiles: 1, receiveHeight: 180, sendHeight: 180, sendFps: 10, hasEffects: false },
];

/** Never above this: a promise of less use of the battery. */
export const SAVER_LEVEL = 3;
const LAST = PLANS.length - 1;
const FULL: Plan = { tiles: 49, receiveHeight: 2160, sendHeight: 720, sendFps: 30, hasEffects: true };

export function planAt(level: number): Plan {
  return PLANS[Math.min(LAST, Math.max(0, level))] ?? FULL;
}

/** Where a device begins, and how far up it may go: what it is known to be, not yet how it does. */
export interface Start {
  readonly level: number;
  readonly best: number;
}

/**
 * Few cores say little: with a chip for its pictures such a device keeps up well, so that they cost one step at first, until
 * it is seen how it does. Little memory and a battery that is in every phone do not go away in a calm.
 */
export function startOf(device: Device | null): Start {
  if (device === null) return { level: 0, best: 0 };
  const { cores, memoryGb, isMobile } = device;
  const best = memoryGb !== null && memoryGb <= 2 ? 2 : isMobile ? 1 : 0;
  return { level: Math.max(best, cores !== null && cores <= 4 ? 1 : 0), best };
}

/** What else decides about a codec. */
export interface CodecWish {
  /** What the page asked for. */
  readonly wished?: CameraCodec | null;
  /** Whether the device does all that is asked of it: only then an encoder may cost more. */
  readonly hasRoom?: boolean;
}

/** Encoders of VP9 share their work between cores, and need the better part of three for three sizes. */
const MANY_CORES = 8;
const BY_CHIP = ['av1', 'h265', 'vp9', 'h264'] as const;
/** Least cost first. */
const BY_COST = ['vp8', 'h264', 'vp9', 'av1', 'h265'] as const;

/**
 * What to send a camera in, by what everybody here decodes; without a word of the others what every browser must have
 * (RFC 7742: VP8 and H.264).
 *
 * What the page wished for, else a chip of one's own, for a phone's or a saver's sake; else VP9 where there are cores for it,
 * as it looks better at the same rate; else VP8, which costs least.
 */
export function codecFor(
  device: Device | null,
  shared: SharedCodecs | null,
  { wished = null, hasRoom = false }: CodecWish = {},
): CameraCodec {
  const decodable: readonly string[] = shared?.decodable ?? ['vp8', 'h264'];
  const isShared = (codec: CodecName): boolean => decodable.includes(codec);
  if (wished !== null && (shared === null || isShared(wished))) return wished;
  const encodes = wished === null ? device?.encodes : undefined;
  const byChip = BY_CHIP.find(
    (codec) => isShared(codec) && encodes?.[codec].isEfficient === true && encodes[codec].isSmooth,
  );
  if (byChip !== undefined) return byChip;
  const hasCores = device !== null && !device.isMobile && (device.cores ?? 0) >= MANY_CORES;
  if (hasCores && hasRoom && isShared('vp9') && encodes?.vp9.isSmooth === true) return 'vp9';
  return BY_COST.find(isShared) ?? 'vp8';
}

/** Of what is on the screen, as much as a plan has room for. What somebody shares stays readable: it keeps its size. */
export function withinPlan(
  visible: readonly VisibleTrack[],
  { tiles, receiveHeight }: Plan,
  isScreen: (track: TrackId) => boolean,
): readonly VisibleTrack[] {
  return visible
    .slice(0, tiles)
    .map((wish) =>
      isScreen(wish.track) ? wish : { ...wish, maxHeight: Math.min(wish.maxHeight, receiveHeight) },
    );
}

/** How a device did in the last seconds. */
export interface Load {
  /** Milliseconds of encoding and of decoding for each second, over all streams. */
  readonly encodeMs: number;
  readonly decodeMs: number;
  /** The browser sends smaller pictures because it is short of CPU. */
  readonly isCpuLimited: boolean;
}

/** An encoder that needs most of a core is late with every frame; decoders share the others. */
const BUSY_ENCODE_MS = 700;
const BUSY_DECODE_MS = 500;
/** Below this share of what is too much the next level up has room: it costs at most about twice as much. */
const CALM_SHARE = 0.4;
/** A load is of two seconds: three in a row are no hiccup. */
const BUSY_LOADS = 3;
const FIRST_CALM_MS = 30_000;
/** Three loads: who begins low for the number of cores alone, and suffers nothing, should not wait. */
const START_CALM_MS = 4_000;
const LONGEST_CALM_MS = 480_000;
/** After a step the new plan needs time to show what it costs. */
const SETTLE_MS = 6_000;

export class LoadLadder {
  readonly #cores: number;
  readonly #best: number;
  #level: number;
  #busy = 0;
  #calmSince: number | null = null;
  #calmMs: number;
  #steppedAt = -Infinity;
  #hasRisen = false;

  constructor({ level, best }: Start, cores: number | null) {
    this.#level = Math.min(LAST, Math.max(0, level));
    this.#best = Math.min(this.#level, best);
    this.#calmMs = this.#level > best ? START_CALM_MS : FIRST_CALM_MS;
    this.#cores = Math.max(1, cores ?? 2);
  }

  get level(): number {
    return this.#level;
  }

  /** @param now monotonic milliseconds. Returns whether the level has changed. */
  handleLoad(now: number, load: Load): boolean {
    if (now - this.#steppedAt < SETTLE_MS) return false;
    const share = Math.max(
      load.encodeMs / BUSY_ENCODE_MS,
      load.decodeMs / (BUSY_DECODE_MS * Math.max(1, this.#cores - 1)),
    );
    this.#busy = load.isCpuLimited || share > 1 ? this.#busy + 1 : 0;
    const isCalm = !load.isCpuLimited && share < CALM_SHARE;
    this.#calmSince = isCalm ? (this.#calmSince ?? now) : null;
    if (this.#busy >= BUSY_LOADS && this.#level < LAST) {
      // What was tried and did not hold is tried again later than before.
      const calmMs = this.#hasRisen ? this.#calmMs * 2 : this.#calmMs;
      this.#calmMs = Math.min(LONGEST_CALM_MS, Math.max(FIRST_CALM_MS, calmMs));
      this.#hasRisen = false;
      return this.#step(now, this.#level + 1);
    }
    const isLongCalm = this.#calmSince !== null && now - this.#calmSince >= this.#calmMs;
    if (!isLongCalm || this.#level <= this.#best) return false;
    this.#hasRisen = true;
    return this.#step(now, this.#level - 1);
  }

  #step(now: number, level: number): boolean {
    this.#level = level;
    this.#busy = 0;
    this.#calmSince = null;
    this.#steppedAt = now;
    return true;
  }
}
