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

/** What changes on the screen now. */
export interface ScreenChange {
  /** Share of the picture, 0 to 1. */
  readonly area: number;
  /** Changes a second. */
  readonly hz: number;
  /** A whole new picture came just now. */
  readonly isNewPicture: boolean;
}

/** Clocks and cursors. What ends the rest is seen 200 ms later at most. */
const STATIC_FPS = 5;
/** The slowest that a moving page still reads as moving. */
const FEWEST_FPS = 8;
const USUAL_FPS = 15;
const MOST_FPS = 30;
/** Whole pictures a second that 500 kbit/s pay for, once text has scrolled: the more changes, the fewer frames. */
const PICTURES_PER_SECOND = 2.25;
/** Faster than a clock or a cursor: a hand that types or draws, which waits for what it did. */
const BY_HAND_HZ = 1.5;

/** Frames a second of text: as many as its changing region leaves affordable, and no more than it has use for. */
export function textFps({ area, hz, isNewPicture }: ScreenChange): number {
  // All bits go into few frames, until the new page is sharp.
  if (isNewPicture) return FEWEST_FPS;
  const affordable = area === 0 ? MOST_FPS : PICTURES_PER_SECOND / area;
  if (affordable < USUAL_FPS) return FEWEST_FPS;
  return affordable >= MOST_FPS && hz >= BY_HAND_HZ ? MOST_FPS : USUAL_FPS;
}

export const NO_CHANGE: ScreenChange = { area: 0, hz: 0, isNewPicture: false };

export function screenShape(content: ScreenContent, change: ScreenChange): ScreenShape {
  if (content === 'motion') {
    return {
      contentHint: 'motion',
      maxFramerate: MOST_FPS,
      maxBitrate: MOTION_MAX_BPS,
      scalabilityMode: 'L1T3',
      degradationPreference: 'maintain-framerate',
    };
  }
  // Rest and text share hint and layers: another of either would start the encoder anew, with a keyframe.
  return {
    contentHint: 'text',
    maxFramerate: content === 'static' ? STATIC_FPS : textFps(change),
    maxBitrate: SCREEN_MAX_BPS,
    scalabilityMode: 'L1T1',
    degradationPreference: 'maintain-resolution',
  };
}
