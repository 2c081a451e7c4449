// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nameAt, parseDoor, parseGivenNames } from './session.ts';

/** As after a reload of the page. */
async function reload() {
  vi.resetModules();
  return (await import('./session.ts')).useSession.getState();
}

describe('what is remembered for the door', () => {
  beforeEach(() => {
    localStorage.clear();
    sessionStorage.clear();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('is whether one was muted and had the camera off', async () => {
    const first = await reload();
    expect(first).toMatchObject({ microphoneMuted: false, cameraWanted: true });
    first.setMicrophoneMuted(true);
    expect(await reload()).toMatchObject({ microphoneMuted: true, cameraWanted: true });
    (await reload()).setCameraWanted(false);
    expect(await reload()).toMatchObject({ microphoneMuted: true, cameraWanted: false });
    (await reload()).setMicrophoneMuted(false);
    expect(await reload()).toMatchObject({ microphoneMuted: false, cameraWanted: false });
  });

  it('is in this tab what a host made of the own name in a meeting', async () => {
    (await reload()).setDisplayName('Ada');
    (await reload()).setGivenName('abc', 'Ada of Tea');
    const again = await reload();
    expect(['abc', 'xyz'].map((code) => nameAt(code)(again))).toEqual(['Ada of Tea', 'Ada']);
    again.setGivenName('abc', null);
    expect(nameAt('abc')(await reload())).toBe('Ada');
    (await reload()).setGivenName('abc', 'Ada of Tea');
    (await reload()).forgetGivenNames();
    expect(nameAt('abc')(await reload())).toBe('Ada');
    (await reload()).setGivenName('abc', 'Ada of Tea');
    sessionStorage.clear();
    expect(nameAt('abc')(await reload())).toBe('Ada');
  });

  it('is as for a first visit where it is broken or forbidden', async () => {
    for (const text of ['{', '5', 'null', '{"microphoneMuted":1,"cameraWanted":"no"}']) {
      expect(parseDoor(text)).toEqual({ microphoneMuted: false, cameraWanted: true });
    }
    for (const text of ['{', '5', 'null', '{"abc":1}', '["abc"]', null]) {
      expect(parseGivenNames(text)['abc']).toBeUndefined();
    }
    vi.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
      throw new DOMException('no', 'SecurityError');
    });
    expect(await reload()).toMatchObject({ microphoneMuted: false, cameraWanted: true, givenNames: {} });
  });
});
