/**
 * Statistics: what each stream of the connection does now, for a panel or for whoever helps.
 *
 * Keeps the sample before, because browsers count from the beginning and people ask for now.
 */
import {
  SOURCES,
  type Connection,
  type ConnectionDetails,
  type StreamDetails,
  type TransportDetails,
} from '../rtc/index.ts';
import type { ParticipantId, Source } from './types.ts';

/** Whose stream a mid carries. */
export interface Carried {
  readonly source: Source | null;
  /** Null for oneself, and for a slot that carries a changing speaker or nothing. */
  readonly participant: ParticipantId | null;
}

export interface StreamStatistics extends Carried, Omit<StreamDetails, 'bytes' | 'frames' | 'codingMs'> {
  /** Since the sample before; null in the first one. */
  readonly bps: number | null;
  /** Share of packets that were lost since then, 0 to 1. */
  readonly loss: number | null;
  /** What one frame took to encode or decode. */
  readonly codingMsPerFrame: number | null;
}

export interface MeetingStatistics {
  readonly transport: TransportDetails;
  readonly streams: readonly StreamStatistics[];
}

/** A connection, as far as it is asked here. */
export type Counted = Pick<Connection, 'details' | 'midOf'>;

export class Statistics {
  readonly #connection: () => Counted | null;
  readonly #carriedBy: (slot: string) => Carried;
  #before: ConnectionDetails | null = null;

  constructor(connection: () => Counted | null, carriedBy: (slot: string) => Carried) {
    this.#connection = connection;
    this.#carriedBy = carriedBy;
  }

  /** Null while there is no connection. Rates are of the time since the last call. */
  async sample(): Promise<MeetingStatistics | null> {
    const connection = this.#connection();
    const now = (await connection?.details()) ?? null;
    const before = this.#before;
    this.#before = now;
    if (connection === null || now === null) return null;
    const known = new Map(before?.streams.map((stream) => [stream.key, stream]));
    const seconds = before === null ? 0 : (now.atMs - before.atMs) / 1_000;
    const streams = now.streams.map((stream) => ({
      ...statisticsOf(stream, known.get(stream.key), seconds),
      ...this.#carried(connection, stream),
    }));
    return { transport: now.transport, streams };
  }

  #carried(connection: Counted, { direction, mid }: StreamDetails): Carried {
    if (direction === 'receiving') return this.#carriedBy(mid);
    return { source: SOURCES.find((one) => connection.midOf(one) === mid) ?? null, participant: null };
  }
}

type Measured = Omit<StreamStatistics, keyof Carried>;

export function statisticsOf(
  stream: StreamDetails,
  before: StreamDetails | undefined,
  seconds: number,
): Measured {
  const { bytes, frames, codingMs, ...told } = stream;
  // A connection that was made anew counts from its beginning.
  const since = before !== undefined && before.bytes <= bytes ? before : undefined;
  if (since === undefined || seconds <= 0) return { ...told, bps: null, loss: null, codingMsPerFrame: null };
  const lost = Math.max(0, stream.packetsLost - since.packetsLost);
  const total = lost + Math.max(0, stream.packets - since.packets);
  const coded = frames - since.frames;
  return {
    ...told,
    bps: ((bytes - since.bytes) * 8) / seconds,
    loss: total > 0 ? lost / total : 0,
    codingMsPerFrame: coded > 0 ? (codingMs - since.codingMs) / coded : null,
  };
}
