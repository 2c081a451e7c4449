/**
 * Plays a picture for as long as it is there, whoever stops it.
 *
 * With little power left Safari lets no picture begin by itself, and lays a button over one that is to: it begins with the
 * next tap. iPhones stop pictures during a call. Source: https://webkit.org/blog/6784/new-video-policies-for-ios/
 */

/** Returns what lets it rest. */
export function keepPlaying(video: HTMLVideoElement): () => void {
  const play = (): void => {
    // Open until there is a picture; refused where a tap is waited for.
    if (video.paused) video.play().catch(() => undefined);
  };
  play();
  video.addEventListener('pause', play);
  document.addEventListener('click', play, true);
  return () => {
    video.removeEventListener('pause', play);
    document.removeEventListener('click', play, true);
  };
}
