/** This computer's microphone, camera and screen. */
export type * from './types.ts';
export { classifyCaptureError, isMirror } from './capture.ts';
export { chosenSpeaker } from './choices.ts';
export { arrivals, type Arrival, type DeviceLists } from './devices.ts';
export { LevelMeter } from './LevelMeter.ts';
export { LocalMedia, type LocalMediaOptions } from './LocalMedia.ts';
export { NoiseFilter } from './NoiseFilter.ts';
export { playTestSound } from './testSound.ts';
export { browserFamily, type BrowserFamily } from './browserFamily.ts';
export { PushToTalk } from './PushToTalk.ts';
export type { MicrophoneSignal } from './signal.ts';
export { canShareScreen, captureScreen, surfaceOf, type Surface } from './screen/capture.ts';
export { ContentClassifier, type Reading, type Region } from './screen/ContentClassifier.ts';
export type { CellChanges } from './screen/frameChange.ts';
export { ScreenSampler } from './screen/ScreenSampler.ts';
export { startNoisePicture, type NoisePicture } from './noisePicture.ts';
export { CODECS, decodesOf, probeDevice, type CodecAbility, type CodecName, type Device } from './device.ts';
