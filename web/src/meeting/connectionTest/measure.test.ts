import { describe, expect, it } from 'vitest';
import { linkOf, type Sample } from './measure.ts';

interface Seen {
  readonly availableOutgoingBps?: number | null;
  readonly estimateBps?: number;
  readonly up?: readonly [bytes: number, packets: number, lost: number];
  readonly down?: readonly [bytes: number, packets: number, lost: number];
  readonly rttMs?: number | null;
}

function sample(atMs: number, seen: Seen): Sample {
  const [upBytes, upPackets, upLost] = seen.up ?? [0, 0, 0];
  const [bytes, packets, packetsLost] = seen.down ?? [0, 0, 0];
  const stream = { mid: '1', kind: 'video', jitterMs: 9, frames: 0, freezes: 0, height: 270 };
  return {
    atMs,
    own: {
      rttMs: seen.rttMs === undefined ? 30 : seen.rttMs,
      availableOutgoingBps: seen.availableOutgoingBps ?? null,
      streams: [{ ...stream, direction: 'receiving', bytes, packets, packetsLost }],
    },
    node: {
      uplink: { bytesReceived: upBytes, packetsReceived: upPackets, packetsLost: upLost, jitterMs: 7 },
      downlink: { bytesSent: 0, ...(seen.estimateBps !== undefined && { estimateBps: seen.estimateBps }) },
    },
  };
}

const MAX = 3_000_000;

describe('a link', () => {
  it('carries what both estimators settle at, whatever they began with', () => {
    const samples = [
      sample(500, { availableOutgoingBps: 300_000, estimateBps: 300_000 }),
      sample(1_000, { availableOutgoingBps: 2_900_000, estimateBps: 700_000 }),
      sample(1_500, { availableOutgoingBps: 1_100_000, estimateBps: 800_000 }),
      sample(2_000, { availableOutgoingBps: 1_200_000, estimateBps: 850_000 }),
    ];
    const { up, down } = linkOf('udp', samples, MAX);
    expect([up.bps, up.isAtLeast]).toEqual([1_200_000, false]);
    expect([down.bps, down.isAtLeast]).toEqual([850_000, false]);
  });

  it('carries at least what came through, and says so where the test goes no further', () => {
    const samples = [
      sample(0, { up: [0, 0, 0] }),
      sample(1_000, { up: [400_000, 400, 0], availableOutgoingBps: 5_000_000 }),
      sample(2_000, { up: [800_000, 800, 0], availableOutgoingBps: 5_000_000 }),
    ];
    expect(linkOf('udp', samples, MAX).up).toMatchObject({ bps: MAX, isAtLeast: true });
    const silent = samples.map(({ atMs, own, node }) => ({
      atMs,
      own: { ...own, availableOutgoingBps: null },
      node,
    }));
    expect(linkOf('tcp', silent, MAX).up).toMatchObject({ bps: 3_000_000, isAtLeast: true });
  });

  it('loses what each end missed of all that was sent', () => {
    const samples = [
      sample(0, {}),
      sample(1_000, { up: [1, 90, 10], down: [1, 75, 25], rttMs: 44 }),
      sample(2_000, { up: [2, 180, 20], down: [2, 150, 50], rttMs: null }),
    ];
    const { up, down, rttMs } = linkOf('udp', samples, MAX);
    expect(up.loss).toBeCloseTo(0.1);
    expect(down.loss).toBeCloseTo(0.25);
    expect([up.jitterMs, down.jitterMs, rttMs]).toEqual([7, 9, 30]);
  });

  it('is not known before anything was seen', () => {
    const { up, down, rttMs } = linkOf('udp', [], MAX);
    expect([up.bps, down.bps, rttMs]).toEqual([null, null, null]);
  });
});
