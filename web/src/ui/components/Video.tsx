import { useEffect, useRef, type ReactNode } from 'react';
import { keepPlaying } from './keepPlaying.ts';

interface VideoProps {
  readonly track: MediaStreamTrack;
  readonly mirrored?: boolean;
  readonly label: string;
}

/** Shows a track. Sound is played elsewhere, so the element is always muted. */
export function Video({ track, mirrored = false, label }: VideoProps): ReactNode {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (video === null) return undefined;
    const stream = new MediaStream([track]);
    video.srcObject = stream;
    const rest = keepPlaying(video);
    return () => {
      rest();
      video.srcObject = null;
      // Chromium's tracks hold on to the streams that they are in, and a slot's track shows many people.
      stream.removeTrack(track);
    };
  }, [track]);
  return (
    <video
      ref={element}
      className={mirrored ? 'video mirrored' : 'video'}
      aria-label={label}
      muted
      playsInline
    />
  );
}
