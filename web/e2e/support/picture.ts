/** What is to be seen in a page's video. */
import type { Locator } from 'playwright-core';

export interface Corner {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** Of the whole picture. */
  readonly width: number;
  readonly height: number;
}

/** The colour near the last corner, 0 to 255, and the size; null before the first picture. */
export const cornerOf = (video: Locator): Promise<Corner | null> =>
  video.evaluate((shown: HTMLVideoElement) => {
    const { videoWidth: width, videoHeight: height } = shown;
    const canvas = new OffscreenCanvas(1, 1).getContext('2d');
    if (width === 0 || canvas === null) return null;
    canvas.drawImage(shown, width - 9, height - 9, 1, 1, 0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return { red, green, blue, width, height };
  });
