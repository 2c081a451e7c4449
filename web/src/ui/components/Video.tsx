import { useEffect, useRef, type ReactNode } from 'react';

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
    video.srcObject = new MediaStream([track]);
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  return (
    <video
      ref={element}
      className={mirrored ? 'video mirrored' : 'video'}
      aria-label={label}
      autoPlay
      muted
      playsInline
    />
  );
}
