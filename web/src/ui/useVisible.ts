/** Tells the meeting what is on the screen, so that nothing else is sent. */
import { useEffect, useSyncExternalStore } from 'react';
import type { MeetingClient, ParticipantSnapshot, VisibleTrack } from '../meeting/index.ts';
import { STRIP_TILE } from './layout.ts';

const SCREEN_HEIGHT = 1080;

/** What is shown, large tiles first. Heights are in CSS pixels. */
export interface Shown {
  readonly sharer: ParticipantSnapshot | null;
  readonly main: readonly ParticipantSnapshot[];
  readonly mainHeight: number;
  readonly strip: readonly ParticipantSnapshot[];
}

/**
 * A page that nobody sees asks for no picture, unless a window of its own shows some; one without a layout as yet asks
 * for nothing, because another size would cost a keyframe of each.
 */
export function useVisible(meeting: MeetingClient, shown: Shown, isElsewhere = false): void {
  const isHidden = useSyncExternalStore(subscribeVisibility, () => document.hidden);
  useEffect(() => {
    if (isHidden && !isElsewhere) meeting.setVisible([]);
    else if (hasLayout(shown)) meeting.setVisible(visibleTracks(shown, devicePixelRatio));
  });
}

function hasLayout({ main, mainHeight }: Shown): boolean {
  return main.length === 0 || mainHeight > 0;
}

export function visibleTracks(shown: Shown, pixelRatio: number): readonly VisibleTrack[] {
  const { sharer, main, mainHeight, strip } = shown;
  const screen = sharer?.isSelf === false ? sharer.tracks.screen : undefined;
  return [
    ...(screen === undefined ? [] : [{ track: screen.id, maxHeight: SCREEN_HEIGHT, priority: 3 }]),
    ...main.flatMap((one) => faceOf(one, mainHeight * pixelRatio, strip.length > 0 ? 2 : 0)),
    ...strip.flatMap((one) => faceOf(one, STRIP_TILE.height * pixelRatio, 0)),
  ];
}

function faceOf(
  { isSelf, isSpeaking, tracks }: ParticipantSnapshot,
  height: number,
  priority: number,
): readonly VisibleTrack[] {
  const { camera } = tracks;
  if (isSelf || camera === undefined || camera.muted) return [];
  const maxHeight = Math.max(1, Math.round(height));
  return [{ track: camera.id, maxHeight, priority: Math.max(priority, isSpeaking ? 1 : 0) }];
}

function subscribeVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  return () => {
    document.removeEventListener('visibilitychange', listener);
  };
}
