import { afterEach, describe, expect, it, vi } from 'vitest';
import { canShareScreen } from './capture.ts';

function pretend(devices: object | undefined, allowsCapture?: boolean): void {
  vi.stubGlobal('navigator', { mediaDevices: devices });
  const policy = allowsCapture === undefined ? undefined : { allowsFeature: () => allowsCapture };
  vi.stubGlobal('document', { featurePolicy: policy });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a screen can be shared', () => {
  const getDisplayMedia = (): void => undefined;

  it.each([
    ['where the browser has a call for it', { getDisplayMedia }, undefined, true],
    ['on a page that may use it', { getDisplayMedia }, true, true],
    ['not within a site that does not hand it on', { getDisplayMedia }, false, false],
    ['not on a tablet', {}, undefined, false],
    ['as far as is known, on an insecure page', undefined, undefined, true],
  ])('%s', (_, devices, allows, expected) => {
    pretend(devices, allows);
    expect(canShareScreen()).toBe(expected);
  });
});
