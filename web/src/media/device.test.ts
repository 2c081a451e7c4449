import { describe, expect, it } from 'vitest';
import { probeDevice } from './device.ts';

const info = (
  supported: boolean,
  smooth: boolean,
  powerEfficient: boolean,
): MediaCapabilitiesDecodingInfo => ({ supported, smooth, powerEfficient, keySystemAccess: null });

describe('a device', () => {
  it('is what the browser says of it', async () => {
    const device = await probeDevice({
      hardwareConcurrency: 8,
      deviceMemory: 4,
      userAgent: 'x',
      userAgentData: { mobile: true },
      mediaCapabilities: {
        encodingInfo: ({ video }) => Promise.resolve(info(true, true, video?.contentType === 'video/H264')),
        decodingInfo: ({ video }) =>
          video?.contentType === 'video/H265'
            ? Promise.reject(new TypeError('no such codec'))
            : Promise.resolve(info(video?.contentType !== 'video/AV1', false, false)),
      },
    });
    expect(device).toMatchObject({ cores: 8, memoryGb: 4, isMobile: true });
    expect(device.encodes.h264).toEqual({ isSupported: true, isSmooth: true, isEfficient: true });
    expect(device.encodes.vp8.isEfficient).toBe(false);
    expect(
      [device.decodes.vp9, device.decodes.av1, device.decodes.h265].map((one) => one.isSupported),
    ).toEqual([true, false, false]);
  });

  it('is not known where the browser says nothing', async () => {
    const device = await probeDevice({ hardwareConcurrency: 0, userAgent: 'Mozilla/5.0 (iPhone)' });
    expect(device).toMatchObject({ cores: null, memoryGb: null, isMobile: true });
    expect(device.decodes.vp8.isSupported).toBe(false);
  });
});
