import { describe, expect, it, vi } from 'vitest';
import {
  ADA,
  beginAnew,
  BOB,
  connections,
  join,
  joined,
  meeting,
  settle,
  socket,
  stubMeeting,
  tellChanges,
  track,
} from './testing/meeting.ts';

stubMeeting();

describe('codecs', () => {
  /** A device with a chip for H.264, which decodes nothing else smoothly but VP8. */
  const stubDevice = () => {
    const info = ({ video }: { readonly video: { readonly contentType: string } }) =>
      Promise.resolve({
        supported: true,
        smooth: ['video/H264', 'video/VP8'].includes(video.contentType),
        powerEfficient: video.contentType === 'video/H264',
      });
    const mediaCapabilities = { encodingInfo: info, decodingInfo: info };
    vi.stubGlobal('navigator', { hardwareConcurrency: 4, userAgent: '', mediaCapabilities });
  };
  const sentIn = () =>
    new Set(connections.at(-1)!.transceivers.find(({ sender }) => sender.track === camera)!.codecs);
  const camera = track('video');

  async function joinAdapting(fields: object = {}): Promise<void> {
    stubDevice();
    beginAnew({ adapts: true });
    await meeting.prepare();
    await settle();
    const done = meeting.join({ meeting: 'abc-defg-hij', displayName: 'Ada', camera });
    await settle();
    socket().open();
    socket().say(joined(1, fields));
    await done;
    connections.at(-1)!.become('connected');
    await settle();
  }

  it('tells the node what this device decodes smoothly', async () => {
    await joinAdapting();
    expect(socket().sent[0]?.['decodes']).toEqual([
      { codec: 'h264', efficient: true },
      { codec: 'vp8', efficient: false },
    ]);
  });

  it('sends the camera in what everybody decodes, as the node says when joining and later', async () => {
    await joinAdapting({ codecs: { decodable: ['vp8', 'h264'], efficient: [] } });
    expect(sentIn()).toEqual(new Set(['video/H264']));
    socket().say({ type: 'codecs', number: 2, decodable: ['vp8'], efficient: ['vp8'] });
    await settle();
    expect(sentIn()).toEqual(new Set(['video/VP8']));
  });
});

describe('statistics', () => {
  it('are read once each half second, whoever needs them then', async () => {
    beginAnew({ adapts: true });
    await join();
    const before = connections[0]!.readings;
    await vi.advanceTimersByTimeAsync(4_100);
    expect(socket().sentOf('stats')).toHaveLength(2);
    expect(connections[0]!.readings - before).toBe(8);
  });
});

describe('pictures that a link does not carry', () => {
  const CAMERA = { id: 'trk_ac', source: 'camera', kind: 'video', muted: false, mid: '1' };

  /** Each two seconds a hundred packets of the own voice, of which so many are lost. */
  function loseVoice(loss: number, packetsSent: number): void {
    connections[0]!.stats = new Map<string, unknown>([
      ['sent', { type: 'outbound-rtp', mid: '0', ssrc: 1, packetsSent }],
      ['told', { type: 'remote-inbound-rtp', ssrc: 1, fractionLost: loss }],
    ]);
  }

  it('pause by themselves so that the voice gets through, which the node is told, and come back', async () => {
    await join();
    await meeting.setCamera(track('video'));
    await tellChanges(2, { op: 'trackPublished', participant: ADA.id, track: CAMERA });
    const isPaused = () => meeting.getSnapshot().self?.tracks.camera?.isPausedBySender;
    let packets = 0;
    const lose = async (loss: number, seconds: number) => {
      for (let second = 0; second < seconds; second += 2) {
        loseVoice(loss, (packets += 100));
        await vi.advanceTimersByTimeAsync(2_000);
        socket().say({ type: 'speakers', number: 2 + packets / 100, speakers: [] });
      }
    };
    await lose(0.8, 8);
    expect(isPaused()).toBe(true);
    expect(meeting.getSnapshot().adaptation).toMatchObject({ level: 0, arePicturesPaused: true });
    expect(meeting.getSnapshot().self?.tracks.camera?.mediaStreamTrack).not.toBeNull();
    await lose(0, 20);
    expect(isPaused()).toBeUndefined();
    expect(socket().sentOf('mute')).toEqual([
      { type: 'mute', track: 'trk_ac', muted: false, paused: true },
      { type: 'mute', track: 'trk_ac', muted: false, paused: false },
    ]);
  });

  it('are not shown of others, and not called switched off', async () => {
    await join();
    const bobsCamera = () => meeting.participants[0]?.tracks.camera;
    const say = (number: number, fields: object) =>
      tellChanges(number, {
        op: 'trackMuted',
        participant: BOB.id,
        track: 'trk_bc',
        muted: false,
        ...fields,
      });
    await say(2, { paused: true });
    expect(bobsCamera()).toMatchObject({ muted: false, mediaStreamTrack: null, isPausedBySender: true });
    await say(3, { muted: true, paused: true });
    expect(bobsCamera()?.isPausedBySender).toBeUndefined();
    await say(4, {});
    expect(bobsCamera()).toMatchObject({ muted: false, mediaStreamTrack: { label: 'video8' } });
  });

  it('are laid to the node where it says that its CPU is short, and to nobody where it says nothing', async () => {
    await join();
    const bobsCamera = () => meeting.participants[0]?.tracks.camera;
    const say = (number: number, change: object) => {
      socket().say({ type: 'slots', number, slots: [{ slot: '8', track: 'trk_bc', ...change }] });
      return settle();
    };
    await say(2, { paused: true, reason: 'node' });
    expect(bobsCamera()).toMatchObject({ isPaused: true, limitedBy: 'node', mediaStreamTrack: null });
    expect(meeting.getSnapshot().self?.connectionQuality).toBe('node');
    await say(3, { paused: false, reason: 'node' });
    expect(bobsCamera()).toMatchObject({ limitedBy: 'node', mediaStreamTrack: { label: 'video8' } });
    await say(4, { paused: false });
    expect(bobsCamera()?.limitedBy).toBeUndefined();
    expect(meeting.getSnapshot().self?.connectionQuality).toBe('unknown');
  });
});
