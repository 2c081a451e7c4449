/** This computer's microphone, camera and screen. */
export type * from './types.ts';
export { classifyCaptureError } from './capture.ts';
export { LevelMeter } from './LevelMeter.ts';
export { LocalMedia, type LocalMediaOptions } from './LocalMedia.ts';
export { captureScreen } from './screen.ts';
