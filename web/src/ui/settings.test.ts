// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { parseSettings, useSettings } from './settings.ts';

describe('settings', () => {
  it('come back on the next visit', () => {
    useSettings.getState().change({
      theme: 'dark',
      announces: { joins: false, hands: true, chat: true },
      savesBattery: false,
      chimes: false,
      tones: { hands: false, chat: true, door: true },
    });
    expect(parseSettings(localStorage.getItem('parley.settings'))).toEqual({
      theme: 'dark',
      language: null,
      announces: { joins: false, hands: true, chat: true },
      savesBattery: false,
      chimes: false,
      tones: { hands: false, chat: true, door: true },
    });
  });

  it.each([null, '', 'null', '7', '{"theme":"pink","language":7,"announces":"all","tones":"all"}'])(
    'fall back where %j was kept',
    (text) => {
      expect(parseSettings(text)).toEqual({
        theme: 'system',
        language: null,
        announces: { joins: true, hands: true, chat: true },
        savesBattery: false,
        chimes: true,
        tones: { hands: true, chat: false, door: true },
      });
    },
  );
});
