/** Keeps what the meeting sends equal to what is captured and wanted. */
import { useEffect } from 'react';
import type { CaptureState, LocalMediaClient, MeetingClient } from '../meeting/index.ts';
import { useSession } from './session.ts';
import { useSnapshot } from './useSnapshot.ts';

export function usePublishing(meeting: MeetingClient, media: LocalMediaClient): void {
  const { microphone, camera, speaker } = useSnapshot(media);
  const { microphoneMuted, setMicrophoneMuted } = useSession();
  const microphoneTrack = trackOf(microphone);
  const cameraTrack = trackOf(camera);

  useEffect(() => {
    if (microphoneTrack !== null) void meeting.setMicrophone(microphoneTrack);
    meeting.setMuted('microphone', microphoneMuted || microphoneTrack === null);
  }, [meeting, microphoneTrack, microphoneMuted]);

  useEffect(() => {
    if (cameraTrack !== null) void meeting.setCamera(cameraTrack);
    meeting.setMuted('camera', cameraTrack === null);
  }, [meeting, cameraTrack]);

  useEffect(() => {
    // A speaker that is gone leaves the sound on the default one.
    meeting.audioOutput.setSink(speaker ?? '').catch(() => undefined);
  }, [meeting, speaker]);

  useEffect(
    () =>
      meeting.on('mutedByOther', ({ source }) => {
        if (source === 'microphone') setMicrophoneMuted(true);
        // Nobody is captured behind a picture that was stopped.
        if (source === 'camera') media.stopCamera();
      }),
    [meeting, media, setMicrophoneMuted],
  );
}

function trackOf(state: CaptureState): MediaStreamTrack | null {
  return state.kind === 'live' ? state.track : null;
}
