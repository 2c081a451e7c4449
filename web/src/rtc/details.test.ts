import { describe, expect, it } from 'vitest';
import { readDetails } from './details.ts';

/** As Chromium 138 reports a camera's middle size, a slot's picture, and the pair that carries both. */
const REPORT: ReadonlyMap<string, unknown> = new Map(
  [
    {
      id: 'O1',
      type: 'outbound-rtp',
      timestamp: 5_000,
      ssrc: 7,
      kind: 'video',
      mid: '1',
      rid: 'h',
      codecId: 'C1',
      remoteId: 'R1',
      packetsSent: 400,
      bytesSent: 300_000,
      framesEncoded: 120,
      totalEncodeTime: 0.6,
      frameWidth: 640,
      frameHeight: 360,
      framesPerSecond: 29.7,
      qualityLimitationReason: 'cpu',
      scalabilityMode: 'L1T3',
      powerEfficientEncoder: false,
    },
    { id: 'R1', type: 'remote-inbound-rtp', packetsLost: 8, jitter: 0.004, roundTripTime: 0.031 },
    { id: 'C1', type: 'codec', mimeType: 'video/VP8' },
    {
      id: 'I1',
      type: 'inbound-rtp',
      ssrc: 9,
      kind: 'audio',
      mid: '4',
      packetsReceived: 50,
      packetsLost: -1,
      jitter: 0.01,
    },
    { id: 'I2', type: 'inbound-rtp', ssrc: 10, kind: 'video', mid: '8', packetsReceived: 0 },
    { id: 'T1', type: 'transport', selectedCandidatePairId: 'P1', srtpCipher: 'AEAD_AES_128_GCM' },
    { id: 'P0', type: 'candidate-pair', nominated: true, currentRoundTripTime: 9 },
    {
      id: 'P1',
      type: 'candidate-pair',
      localCandidateId: 'L1',
      remoteCandidateId: 'N1',
      currentRoundTripTime: 0.025,
      availableOutgoingBitrate: 1_200_000,
    },
    { id: 'L1', type: 'local-candidate', candidateType: 'prflx', networkType: 'wifi', address: '192.0.2.7' },
    { id: 'N1', type: 'remote-candidate', candidateType: 'host', protocol: 'tcp', address: '198.51.100.3' },
  ].map((entry) => [entry.id, entry]),
);

describe('the details of a connection', () => {
  it('are what a browser says of each stream that carries something', () => {
    const { streams, atMs } = readDetails(REPORT);
    expect(atMs).toBe(5_000);
    expect(streams.map(({ mid }) => mid)).toEqual(['1', '4']);
    expect(streams[0]).toMatchObject({
      rid: 'h',
      codec: 'VP8',
      height: 360,
      fps: 30,
      packetsLost: 8,
      jitterMs: 4,
      rttMs: 31,
      codingMs: 600,
      limitation: 'cpu',
      isPowerEfficient: false,
    });
    expect(streams[1]).toMatchObject({ packetsLost: 0, limitation: null, isPowerEfficient: null });
  });

  it('name the pair that is in use and no address', () => {
    const details = readDetails(REPORT);
    expect(details.transport).toMatchObject({
      protocol: 'tcp',
      localType: 'prflx',
      remoteType: 'host',
      networkType: 'wifi',
      rttMs: 25,
      availableOutgoingBps: 1_200_000,
    });
    expect(JSON.stringify(details)).not.toMatch(/192\.0\.2|198\.51/);
  });

  it('are empty where a browser reports nothing, or something odd', () => {
    for (const odd of [
      [],
      [['x', null]],
      [['x', { type: 'inbound-rtp', packetsReceived: 'many' }]],
    ] as const) {
      const { streams, transport } = readDetails(new Map<string, unknown>(odd));
      expect([streams, transport.protocol, transport.rttMs]).toEqual([[], null, null]);
    }
  });
});
