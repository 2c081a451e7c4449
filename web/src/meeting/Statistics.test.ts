import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConnectionDetails, StreamDetails } from '../rtc/index.ts';
import { diagnosticsOf } from './diagnostics.ts';
import { EMPTY_SNAPSHOT } from './snapshot.ts';
import { Statistics } from './Statistics.ts';
import type { MeetingSnapshot, ParticipantSnapshot } from './types.ts';

const STREAM: StreamDetails = {
  key: 'inbound-rtp 9',
  mid: '8',
  rid: null,
  kind: 'video',
  direction: 'receiving',
  codec: 'VP8',
  width: 640,
  height: 360,
  fps: 30,
  bytes: 0,
  packets: 0,
  packetsLost: 0,
  frames: 0,
  codingMs: 0,
  jitterMs: 4,
  rttMs: null,
  scalabilityMode: null,
  limitation: null,
  isPowerEfficient: null,
  freezes: 0,
};
const TRANSPORT: ConnectionDetails['transport'] = {
  protocol: 'udp',
  localType: 'host',
  remoteType: 'host',
  networkType: null,
  rttMs: 20,
  availableOutgoingBps: null,
  srtpCipher: null,
  candidatePairChanges: 0,
};

function statistics(samples: readonly (Partial<StreamDetails> & { readonly atMs: number })[]): Statistics {
  const left = samples.map(({ atMs, ...stream }) => ({
    atMs,
    transport: TRANSPORT,
    streams: [{ ...STREAM, ...stream }],
  }));
  const connection = {
    details: () => Promise.resolve(left.shift()!),
    midOf: (source: string) => `mid of ${source}`,
  };
  return new Statistics(
    () => (left.length > 0 ? connection : null),
    (slot) => ({ source: 'camera', participant: `in ${slot}` }),
  );
}

describe('statistics', () => {
  it('are of the time since the last sample, and say whose stream it is', async () => {
    const asked = statistics([
      { atMs: 1_000, bytes: 100_000, packets: 100, frames: 30, codingMs: 60 },
      { atMs: 3_000, bytes: 350_000, packets: 340, packetsLost: 60, frames: 90, codingMs: 300 },
    ]);
    expect((await asked.sample())?.streams[0]).toMatchObject({ bps: null, loss: null });
    expect((await asked.sample())?.streams[0]).toMatchObject({
      bps: 1_000_000,
      loss: 0.2,
      codingMsPerFrame: 4,
      source: 'camera',
      participant: 'in 8',
    });
    expect(await asked.sample()).toBeNull();
  });

  it('begin anew with a new connection', async () => {
    const asked = statistics([
      { atMs: 1_000, bytes: 900_000 },
      { atMs: 2_000, bytes: 1_000 },
    ]);
    await asked.sample();
    expect((await asked.sample())?.streams[0]).toMatchObject({ bps: null });
  });

  it('know what one sends by its m-line', async () => {
    const asked = statistics([{ atMs: 1, direction: 'sending', mid: 'mid of screen' }]);
    expect((await asked.sample())?.streams[0]).toMatchObject({ source: 'screen', participant: null });
  });
});

describe('diagnostics', () => {
  it('hold no name, no title and no message, whatever they are', () => {
    const secret = fc.stringMatching(/^SECRET[a-z]{4,12}$/);
    fc.assert(
      fc.property(secret, secret, secret, (name, title, text) => {
        const ann: ParticipantSnapshot = {
          id: 'par_ann',
          displayName: name,
          role: 'host',
          isSelf: true,
          isHandRaised: false,
          handNumber: null,
          joinedAt: '2026-01-01T00:00:00Z',
          isSpeaking: false,
          audioLevel: 0,
          volume: 1,
          mayCaption: false,
          connectionQuality: 'uplink',
          tracks: {},
        };
        const snapshot: MeetingSnapshot = {
          ...EMPTY_SNAPSHOT,
          meeting: { id: 'mtg_1', code: 'SECRETcode', title },
          participants: [ann],
          self: ann,
          messages: [{ id: 'm', from: 'par_ann', displayName: name, text, at: '2026-01-01T00:00:00Z' }],
        };
        const surroundings = {
          userAgent: 'test',
          cores: 4,
          memoryGb: null,
          isOnline: true,
          screen: [1, 1, 1],
        } as const;
        const made = diagnosticsOf(snapshot, null, surroundings, new Date(0));
        expect(JSON.stringify(made)).not.toContain('SECRET');
        expect(made).toMatchObject({
          meeting: 'mtg_1',
          participant: 'par_ann',
          quality: { par_ann: 'uplink' },
        });
      }),
    );
  });
});
