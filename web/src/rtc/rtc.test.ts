import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseCodec, preferredCodecs, type Use } from './encodings.ts';
import { describeLayers } from './headerExtensions.ts';
import {
  mapMedia,
  withCandidatesOnce,
  withOpusSending,
  withPausedStreams,
  withStereoReceiving,
} from './sdp.ts';
import { readVoiceLoss } from './voiceLoss.ts';
import { condenseStats } from './stats.ts';

const ANSWER = [
  'v=0',
  's=-',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:0',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 109',
  'a=mid:3',
  'a=rtpmap:109 opus/48000/2',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:4',
  'a=rtpmap:111 opus/48000/2',
  '',
].join('\r\n');

describe('withOpusSending', () => {
  const lines = withOpusSending(ANSWER, { voice: '0', music: '3' }).split('\r\n');

  it('turns on DTX and FEC for the voice and keeps its other parameters', () => {
    expect(lines).toContain('a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1');
    expect(lines.filter((line) => line.startsWith('a=fmtp:111'))).toHaveLength(1);
  });

  it('asks for stereo without gaps where music is shared', () => {
    expect(lines).toContain('a=fmtp:109 useinbandfec=1;stereo=1;maxaveragebitrate=128000');
  });

  it('asks for the same of a microphone that carries music', () => {
    const music = withOpusSending(ANSWER, { voice: '0', music: '3', isVoiceMusic: true }).split('\r\n');
    expect(music).toContain('a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=128000');
  });

  it('asks for few packets, each sent once, where the path is narrow', () => {
    const answer = ANSWER.replace('SAVPF 111', 'SAVPF 63 111').replace(
      'a=mid:0',
      'a=mid:0\r\na=ptime:20\r\na=rtpmap:63 red/48000/2',
    );
    const [, voice] = withOpusSending(answer, { voice: '0', music: '3', isNarrow: true }).split('m=audio');
    expect(voice?.split('\r\n')[0]).toBe(' 9 UDP/TLS/RTP/SAVPF 111 63');
    expect(voice).toContain('a=ptime:120\r\n');
    expect(voice).not.toContain('a=ptime:20\r\n');
    expect(voice).toContain('a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1');
  });

  it('leaves an answer without Opus as it is', () => {
    const other = ANSWER.replaceAll('opus', 'PCMU');
    expect(withOpusSending(other, { voice: '0', music: '3' })).toBe(other);
  });
});

describe('withStereoReceiving', () => {
  it('keeps both channels of what slots receive and leaves sending m-lines alone', () => {
    const section = (direction: string) =>
      `m=audio 9 X 111\r\na=${direction}\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1`;
    const offer = ['v=0', section('sendonly'), section('recvonly')].join('\r\n');
    expect(withStereoReceiving(offer)).toBe(`${offer};stereo=1`);
  });
});

describe('withPausedStreams', () => {
  it('pauses each stream once and nothing else', () => {
    const answer = 'a=rid:q recv\r\na=simulcast:recv q;~h;f\r\na=mid:1\r\n';
    const paused = 'a=rid:q recv\r\na=simulcast:recv ~q;~h;~f\r\na=mid:1\r\n';
    expect(withPausedStreams(answer)).toBe(paused);
    expect(withPausedStreams(paused)).toBe(paused);
  });
});

describe('withCandidatesOnce', () => {
  it('leaves those of the first m-line alone', () => {
    const path = 'a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\na=end-of-candidates\r\n';
    const answer = (repeated: string) =>
      `v=0\r\nm=audio 9 X 0\r\n${path}a=mid:0\r\nm=video 9 X 0\r\n${repeated}a=mid:1\r\n`;
    expect(withCandidatesOnce(answer(path))).toBe(answer(''));
    expect(withCandidatesOnce(answer(''))).toBe(answer(''));
    expect(withCandidatesOnce('v=0\r\n')).toBe('v=0\r\n');
  });
});

describe('readVoiceLoss', () => {
  const sent = { type: 'outbound-rtp', mid: '0', ssrc: 7, packetsSent: 90 };
  const others = [
    { type: 'outbound-rtp', mid: '1', ssrc: 8, packetsSent: 5 },
    { type: 'remote-inbound-rtp', ssrc: 8, fractionLost: 0.9 },
  ];

  it('is of the stream with this mid', () => {
    const told = { type: 'remote-inbound-rtp', ssrc: 7, fractionLost: 0.25 };
    expect(readVoiceLoss([...others, sent, told], '0')).toEqual({ packetsSent: 90, loss: 0.25 });
  });

  it('is none as long as nothing is known', () => {
    expect(readVoiceLoss([...others, sent], '0')).toEqual({ packetsSent: 90, loss: 0 });
    expect(readVoiceLoss([...others, sent], null)).toEqual({ packetsSent: 0, loss: 0 });
    expect(readVoiceLoss(others, '0')).toEqual({ packetsSent: 0, loss: 0 });
  });
});

describe('mapMedia', () => {
  it('changes nothing when the change changes nothing', () => {
    const line = fc.constantFrom('v=0', 'm=audio 9 X 0', 'a=mid:1', 'a=x', '');
    fc.assert(
      fc.property(fc.array(line), (all) => {
        const sdp = all.join('\r\n');
        expect(mapMedia(sdp, (_mid, section) => section)).toBe(sdp);
      }),
    );
  });
});

describe('preferredCodecs', () => {
  it('puts VP8 before H.264 and leaves out what is not forwarded', () => {
    const h264 = (mode: number) => `packetization-mode=${String(mode)};profile-level-id=42e01f`;
    const offered = [
      { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: h264(0) },
      { mimeType: 'video/AV1', clockRate: 90_000 },
      { mimeType: 'video/rtx', clockRate: 90_000 },
      { mimeType: 'video/VP8', clockRate: 90_000 },
      { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: h264(1) },
    ];
    const names = (use: Use) => preferredCodecs(use, offered).map(({ mimeType }) => mimeType);
    expect(names({ kind: 'video', direction: 'sending' })).toEqual(['video/VP8', 'video/H264', 'video/rtx']);
    expect(names({ kind: 'video', direction: 'receiving' })).toEqual([
      'video/VP8',
      'video/AV1',
      'video/H264',
      'video/rtx',
    ]);
    expect(names({ kind: 'video', direction: 'sending', first: 'av1' })[0]).toBe('video/AV1');
  });

  it('keeps the profiles that every browser has', () => {
    const lines = ['profile-id=0', 'profile-id=2'];
    const offered = lines.map((sdpFmtpLine) => ({ mimeType: 'video/VP9', clockRate: 90_000, sdpFmtpLine }));
    const kept = preferredCodecs({ kind: 'video', direction: 'receiving' }, offered);
    expect(kept.map(({ sdpFmtpLine }) => sdpFmtpLine)).toEqual(['profile-id=0']);
  });
});

describe('describeLayers', () => {
  it('offers what tells layers, where the browser lets it', () => {
    const uri = 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';
    let offered: readonly { readonly uri: string; readonly direction?: string }[] = [];
    const mid = { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', direction: 'sendrecv' as const };
    describeLayers({
      getHeaderExtensionsToNegotiate: () => [mid, { uri, direction: 'stopped' }],
      setHeaderExtensionsToNegotiate: (extensions: typeof offered) => (offered = extensions),
    });
    expect(offered).toEqual([mid, { uri, direction: 'sendrecv' }]);
    expect(() => {
      describeLayers({});
    }).not.toThrow();
  });
});

describe('chooseCodec', () => {
  const parametersOf = (count: number, ...names: string[]): RTCRtpSendParameters => ({
    codecs: names.map((name, index) => ({
      payloadType: 96 + index,
      mimeType: `video/${name}`,
      clockRate: 90_000,
    })),
    encodings: Array.from({ length: count }, () => ({ active: true })),
    headerExtensions: [],
    rtcp: {},
    transactionId: '1',
  });

  it('changes the codec of all streams alike, once', () => {
    const parameters = parametersOf(3, 'VP8', 'H264');
    expect(chooseCodec(parameters, 'h264')).toBe(true);
    const codec = { mimeType: 'video/H264', clockRate: 90_000 };
    const encoding = { active: true, codec, scalabilityMode: 'L1T3' };
    expect(parameters.encodings).toEqual([encoding, encoding, encoding]);
    expect(chooseCodec(parameters, 'h264')).toBe(false);
  });

  it('keeps the sizes of a single stream where the codec has layers for them', () => {
    const parameters = parametersOf(1, 'VP8', 'VP9');
    chooseCodec(parameters, 'vp9');
    expect(parameters.encodings).toMatchObject([{ scalabilityMode: 'L3T3_KEY' }]);
    chooseCodec(parameters, 'vp8');
    expect(parameters.encodings).toMatchObject([{ scalabilityMode: 'L1T3' }]);
  });

  it('does not change to a codec that was not agreed on', () => {
    const parameters = parametersOf(3, 'VP8');
    expect(chooseCodec(parameters, 'av1')).toBe(false);
    expect(parameters.encodings[0]).toEqual({ active: true });
  });
});

describe('condenseStats', () => {
  it('keeps streams that flow and takes the loss of sent ones from the other side', () => {
    const stats = condenseStats([
      {
        type: 'candidate-pair',
        nominated: true,
        currentRoundTripTime: 0.0123,
        availableOutgoingBitrate: 900_000,
      },
      { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 },
      {
        type: 'outbound-rtp',
        ssrc: 1,
        mid: '1',
        kind: 'video',
        packetsSent: 10,
        bytesSent: 99,
        framesEncoded: 3,
      },
      { type: 'remote-inbound-rtp', ssrc: 1, packetsLost: 2 },
      { type: 'inbound-rtp', mid: '8', kind: 'video', packetsReceived: 0 },
      { type: 'inbound-rtp', mid: '9', kind: 'video', packetsReceived: 5, jitter: 0.004, framesDecoded: 2 },
    ]);
    expect(stats.rttMs).toBe(12);
    expect(stats.availableOutgoingBps).toBe(900_000);
    expect(stats.streams).toEqual([
      expect.objectContaining({ mid: '1', direction: 'sending', packets: 10, packetsLost: 2, frames: 3 }),
      expect.objectContaining({ mid: '9', direction: 'receiving', packets: 5, jitterMs: 4, frames: 2 }),
    ]);
  });

  it('survives entries that lack everything', () => {
    expect(condenseStats([{}, { type: 'inbound-rtp', packetsReceived: 'x' }])).toEqual({
      rttMs: null,
      availableOutgoingBps: null,
      streams: [],
    });
  });
});
