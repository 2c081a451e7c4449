import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODECS, type CodecName, type Device } from '../../media/index.ts';
import type { SharedCodecs } from '../../protocol/index.ts';
import { CodecChoice } from './CodecChoice.ts';

const NOT = { isSupported: false, isSmooth: false, isEfficient: false };
const NONE = Object.fromEntries(CODECS.map((codec) => [codec, NOT])) as Device['encodes'];
const CHIP = { isSupported: true, isSmooth: true, isEfficient: true };
const PHONE: Device = {
  cores: 4,
  memoryGb: 4,
  isMobile: true,
  encodes: { ...NONE, h264: CHIP },
  decodes: NONE,
};

const all = (...decodable: CodecName[]): SharedCodecs => ({ decodable, efficient: [] });

function choiceOf(device: Device, shared: SharedCodecs): CodecChoice {
  const choice = new CodecChoice(null);
  choice.handleDevice(device);
  choice.handleShared(shared);
  choice.settle(0);
  return choice;
}

describe('the codec of a camera', () => {
  it('is chosen as soon as it is known what everybody decodes', () => {
    expect(choiceOf(PHONE, all('vp8', 'h264')).codec).toBe('h264');
  });

  it('is left at once for somebody who cannot decode it', () => {
    const choice = choiceOf(PHONE, all('vp8', 'h264'));
    choice.handleShared(all('vp8'));
    expect(choice.settle(1)).toBe(true);
    expect(choice.codec).toBe('vp8');
  });

  it('comes back when that one has been gone for ten seconds', () => {
    const choice = choiceOf(PHONE, all('vp8', 'h264'));
    choice.handleShared(all('vp8'));
    choice.settle(1_000);
    choice.handleShared(all('vp8', 'h264'));
    expect(choice.settle(2_000)).toBe(false);
    expect(choice.settle(11_999)).toBe(false);
    expect(choice.settle(12_000)).toBe(true);
    expect(choice.codec).toBe('h264');
  });

  it('waits anew for each who comes meanwhile', () => {
    const choice = choiceOf(PHONE, all('vp8', 'h264'));
    for (let now = 0; now < 60_000; now += 8_000) {
      choice.handleShared(all('vp8'));
      choice.settle(now);
      choice.handleShared(all('vp8', 'h264'));
      choice.settle(now + 1_000);
      expect(choice.settle(now + 7_000)).toBe(false);
    }
    expect(choice.codec).toBe('vp8');
  });

  it('costs less at once when the device is late', () => {
    const strong = {
      ...PHONE,
      cores: 16,
      isMobile: false,
      encodes: { ...NONE, vp9: { ...CHIP, isEfficient: false } },
    };
    const choice = choiceOf(strong, all('vp8', 'vp9'));
    expect(choice.codec).toBe('vp9');
    choice.handleRoom(false);
    expect(choice.settle(1)).toBe(true);
    expect(choice.codec).toBe('vp8');
  });

  it('is what the page wished for while nobody objects', () => {
    const choice = new CodecChoice('av1');
    choice.handleShared(null);
    choice.settle(0);
    expect(choice.codec).toBe('av1');
    choice.handleShared(all('vp8', 'vp9'));
    choice.settle(1);
    expect(choice.codec).toBe('vp8');
  });

  it('is decoded by everybody at all times where there is such a one', () => {
    const codecs = fc.uniqueArray(fc.constantFrom(...CODECS), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.tuple(codecs, fc.nat(20_000))), (steps) => {
        const choice = new CodecChoice(null);
        choice.handleDevice(PHONE);
        let now = 0;
        for (const [decodable, wait] of steps) {
          choice.handleShared(all(...decodable));
          choice.settle((now += wait));
          expect(decodable).toContain(choice.codec);
        }
      }),
    );
  });
});
