import { describe, expect, it } from 'vitest';
import type { ClientMessage, RosterTrack } from '../protocol/index.ts';
import { Tracks } from './Tracks.ts';

const capture = (label: string) => ({ label }) as MediaStreamTrack;
const midOf = () => '0';
const microphone: RosterTrack = { id: 'trk_1', source: 'microphone', kind: 'audio', muted: false, mid: '0' };

function reconcile(tracks: Tracks, isOpen = true): ClientMessage[] {
  const sent: ClientMessage[] = [];
  tracks.reconcile(midOf, (message) => {
    if (isOpen) sent.push(message);
    return isOpen;
  });
  return sent;
}

describe('Tracks', () => {
  it('announces what is wanted with the offer and then has nothing to add', () => {
    const tracks = new Tracks();
    tracks.set('microphone', capture('mic'), true);
    expect(tracks.offer(midOf)).toEqual([{ mid: '0', source: 'microphone', muted: true }]);
    tracks.handleOwnTracks([{ ...microphone, muted: true }]);
    expect(reconcile(tracks)).toEqual([]);
  });

  it('publishes a source that comes later, once', () => {
    const tracks = new Tracks();
    tracks.set('camera', capture('cam'));
    expect(reconcile(tracks)).toEqual([{ type: 'publish', mid: '0', source: 'camera', muted: false }]);
    expect(reconcile(tracks)).toEqual([]);
  });

  it('waits for the id of a track before it mutes it', () => {
    const tracks = new Tracks();
    tracks.set('microphone', capture('mic'));
    reconcile(tracks);
    tracks.setMuted('microphone', true);
    expect(reconcile(tracks)).toEqual([]);
    tracks.handlePublished(microphone);
    expect(reconcile(tracks)).toEqual([{ type: 'mute', track: 'trk_1', muted: true }]);
  });

  it('says of pictures alone that the link does not carry them, also of one that comes meanwhile', () => {
    const tracks = new Tracks();
    tracks.set('microphone', capture('mic'));
    tracks.handleOwnTracks([microphone]);
    expect(tracks.setPicturesPaused(true)).toBe(true);
    expect(tracks.setPicturesPaused(true)).toBe(false);
    tracks.set('camera', capture('cam'));
    expect(reconcile(tracks)).toMatchObject([{ type: 'publish', source: 'camera' }]);
    const camera = { id: 'trk_2', source: 'camera', kind: 'video', muted: false } as const;
    tracks.handlePublished(camera);
    expect(reconcile(tracks)).toEqual([{ type: 'mute', track: 'trk_2', muted: false, paused: true }]);
    tracks.setMuted('camera', true);
    expect(reconcile(tracks)).toEqual([{ type: 'mute', track: 'trk_2', muted: true }]);
    tracks.handleOwnTracks([microphone, { ...camera, muted: true, paused: true }]);
    tracks.setPicturesPaused(false);
    expect(reconcile(tracks)).toEqual([{ type: 'mute', track: 'trk_2', muted: true, paused: false }]);
    expect([tracks.isPaused('camera'), tracks.isPaused('microphone')]).toEqual([false, false]);
  });

  it('sends nothing while muted', () => {
    const tracks = new Tracks();
    const mic = capture('mic');
    tracks.set('microphone', mic);
    expect(tracks.sending('microphone')).toBe(mic);
    tracks.setMuted('microphone', true);
    expect(tracks.sending('microphone')).toBeNull();
  });

  it('keeps a source muted when its device is replaced', () => {
    const tracks = new Tracks();
    tracks.set('microphone', capture('mic'), true);
    tracks.set('microphone', capture('other'));
    expect(tracks.sending('microphone')).toBeNull();
  });

  it('unpublishes what is no longer wanted', () => {
    const tracks = new Tracks();
    tracks.handleOwnTracks([microphone]);
    expect(reconcile(tracks)).toEqual([{ type: 'unpublish', track: 'trk_1' }]);
  });

  it('publishes again after a resume what was lost with the socket', () => {
    const tracks = new Tracks();
    tracks.set('camera', capture('cam'));
    reconcile(tracks);
    tracks.handleOwnTracks([]);
    expect(reconcile(tracks)).toHaveLength(1);
  });

  it('tries again what could not be sent', () => {
    const tracks = new Tracks();
    tracks.set('camera', capture('cam'));
    expect(reconcile(tracks, false)).toEqual([]);
    expect(reconcile(tracks)).toHaveLength(1);
  });

  it('stays muted when somebody else muted it', () => {
    const tracks = new Tracks();
    tracks.set('microphone', capture('mic'));
    tracks.handleOwnTracks([microphone]);
    tracks.handleMutedByOther('microphone');
    expect(reconcile(tracks)).toEqual([]);
    expect(tracks.sending('microphone')).toBeNull();
    tracks.setMuted('microphone', false);
    expect(reconcile(tracks)).toEqual([{ type: 'mute', track: 'trk_1', muted: false }]);
  });
});
