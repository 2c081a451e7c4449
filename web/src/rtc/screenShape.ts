/** How a shared screen is encoded, by what is on it and how much of it changes. Pure values. */

export type ScreenContent = 'static' | 'text' | 'motion';

export interface ScreenShape {
  readonly contentHint: 'text' | 'motion';
  readonly maxFramerate: number;
  readonly maxBitrate: number;
  readonly scalabilityMode: string;
  /** What gives way first when bits or computing power are short. */
  readonly degradationPreference: 'maintain-resolution' | 'maintain-framerate';
}

/** Bitrates that look good for sharp text at 1080p; above them the eye gains little. */
export const SCREEN_MAX_BPS = 2_500_000;
/** A film needs more for the same look, and 30 frames a second take it. */
const MOTION_MAX_BPS = 4_000_000;

/** A line that is typed, a menu that opens: cheap, so that it may follow the hand. */
const SMALL_AREA = 0.15;
const SMALL_CHANGE_FPS = 15;
/** A page that scrolls: each frame costs nearly a whole picture, and fewer of them are sharper ones. */
const LARGE_CHANGE_FPS = 8;
/** Clocks and cursors. What ends the rest is seen 200 ms later at most. */
const STATIC_FPS = 5;

/** @param changingArea Share of the picture that changes now, 0 to 1. */
export function screenShape(content: ScreenContent, changingArea: number): ScreenShape {
  if (content === 'motion') {
    return {
      contentHint: 'motion',
      maxFramerate: 30,
      maxBitrate: MOTION_MAX_BPS,
      scalabilityMode: 'L1T3',
      degradationPreference: 'maintain-framerate',
    };
  }
  const textFps = changingArea <= SMALL_AREA ? SMALL_CHANGE_FPS : LARGE_CHANGE_FPS;
  // Rest and text share hint and layers: another of either would start the encoder anew, with a keyframe.
  return {
    contentHint: 'text',
    maxFramerate: content === 'static' ? STATIC_FPS : textFps,
    maxBitrate: SCREEN_MAX_BPS,
    scalabilityMode: 'L1T1',
    degradationPreference: 'maintain-resolution',
  };
}
