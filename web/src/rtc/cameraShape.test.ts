import { describe, expect, it } from 'vitest';
import { activeEncodings, cameraStreams, shapeCamera, type CameraUse } from './cameraShape.ts';

const SIMULCAST = [{ rid: 'q' }, { rid: 'h' }, { rid: 'f' }];
const use = (change: Partial<CameraUse> = {}): CameraUse => ({
  wanted: true,
  limit: null,
  fits: true,
  bestScaleDownBy: 1,
  isWaking: false,
  ...change,
});

describe('activeEncodings', () => {
  it('sends the encodings that are wanted', () => {
    expect(activeEncodings(SIMULCAST, ['q', 'f'])).toEqual([true, false, true]);
    expect(activeEncodings(SIMULCAST, [])).toEqual([false, false, false]);
  });

  it('sends all or nothing when told so', () => {
    expect(activeEncodings(SIMULCAST, true)).toEqual([true, true, true]);
    expect(activeEncodings([{}], false)).toEqual([false]);
  });

  it('takes a list for all of a track that has a single encoding', () => {
    expect(activeEncodings([{}], ['q'])).toEqual([true]);
    expect(activeEncodings([{}], [])).toEqual([false]);
  });
});

describe('cameraStreams', () => {
  const sent = (change: Partial<CameraUse>, encodings: readonly { rid?: string }[] = SIMULCAST) =>
    cameraStreams(encodings, use(change)).map(({ active, scaleResolutionDownBy }) =>
      active ? 720 / scaleResolutionDownBy : 0,
    );

  it('sends what is wanted in its usual size', () => {
    expect(sent({})).toEqual([180, 360, 720]);
    expect(sent({ wanted: ['q', 'f'] })).toEqual([180, 0, 720]);
    expect(sent({}, [{}])).toEqual([720]);
  });

  it('sends no size above the limit, and a single stream smaller', () => {
    const limit = { maxHeight: 360, maxFps: 15 };
    expect(sent({ limit })).toEqual([180, 360, 0]);
    expect(sent({ limit }, [{}])).toEqual([360]);
    expect(sent({ limit: { maxHeight: 90, maxFps: 15 } })).toEqual([180, 0, 0]);
    expect(cameraStreams(SIMULCAST, use({ limit })).map(({ maxFramerate }) => maxFramerate)).toEqual([
      15, 15, 15,
    ]);
  });

  it('sends the best size smaller where nobody could have it whole', () => {
    expect(sent({ bestScaleDownBy: 1.5 })).toEqual([180, 360, 480]);
    expect(sent({ bestScaleDownBy: 1.5 }, [{}])).toEqual([720]);
    const rates = cameraStreams(SIMULCAST, use({ bestScaleDownBy: 1.5 })).map(({ maxBitrate }) => maxBitrate);
    expect(rates).toEqual([150_000, 450_000, 816_497]);
  });

  it('wakes with its smallest size', () => {
    expect(sent({ isWaking: true, wanted: ['q', 'f'] })).toEqual([180, 0, 0]);
    expect(sent({ isWaking: true }, [{}])).toEqual([720]);
  });

  it('goes on as a stamp that may take as much as all of it while nobody receives it', () => {
    for (const encodings of [SIMULCAST, [{}]]) {
      const usual = cameraStreams(encodings, use());
      const most = usual.reduce((sum, { maxBitrate }) => sum + maxBitrate, 0);
      const [stamp, ...others] = cameraStreams(
        encodings,
        use({ wanted: [], limit: { maxHeight: 360, maxFps: 15 } }),
      );
      expect(stamp).toMatchObject({
        active: true,
        scaleResolutionDownBy: 16,
        maxFramerate: 3,
        maxBitrate: most,
      });
      expect(others.map(({ active }) => active)).toEqual(others.map(() => false));
    }
  });

  it('sends nothing where the way to the node carries no picture', () => {
    expect(sent({ fits: false })).toEqual([0, 0, 0]);
    expect(sent({ fits: false, wanted: [] })).toEqual([0, 0, 0]);
  });
});

describe('shapeCamera', () => {
  const created = (): (RTCRtpEncodingParameters & { scalabilityMode: string })[] =>
    SIMULCAST.map(({ rid }) => ({ rid, active: true, scalabilityMode: 'L1T3' }));

  it('says once that something changes, and gives all back what a stamp took', () => {
    const encodings = created();
    shapeCamera(encodings, use());
    const before = structuredClone(encodings);
    expect(shapeCamera(encodings, use())).toBe(false);
    expect(shapeCamera(encodings, use({ wanted: [] }))).toBe(true);
    expect(shapeCamera(encodings, use({ wanted: [] }))).toBe(false);
    expect(shapeCamera(encodings, use())).toBe(true);
    expect(encodings).toEqual([{ ...before[0], maxFramerate: 60 }, ...before.slice(1)]);
    expect(shapeCamera(encodings, use())).toBe(false);
  });

  it('leaves a frame rate out that was never limited', () => {
    const encodings = created();
    shapeCamera(encodings, use());
    for (const encoding of encodings) expect(encoding).not.toHaveProperty('maxFramerate');
  });

  it('sends all frames again where the browser keeps what new parameters leave out', () => {
    // As Safari: what setParameters does not name stays as it was.
    const kept: RTCRtpEncodingParameters[] = created();
    const set = (change: Partial<CameraUse>): void => {
      const given = structuredClone(kept);
      shapeCamera(given, use(change));
      given.forEach((encoding, index) => Object.assign(kept[index] ?? {}, encoding));
    };
    const fps = (): (number | undefined)[] => kept.map(({ maxFramerate }) => maxFramerate);
    set({});
    set({ wanted: [] });
    expect(fps()).toEqual([3, undefined, undefined]);
    set({ limit: { maxHeight: 720, maxFps: 15 } });
    expect(fps()).toEqual([15, 15, 15]);
    set({});
    expect(fps()).toEqual([60, 60, 60]);
  });
});
