import { describe, expect, it } from 'vitest';
import { clockOf, cueAt, parseCues, parseThumbnails } from './vtt.ts';

describe('chapters', () => {
  it('are read with their times, whatever ends the lines', () => {
    const text =
      'WEBVTT\r\n\r\n1\r\n00:00.000 --> 01:00.500\r\nAda joined\r\n\r\n01:00:00.000 --> 01:00:01.000\r\nEnd';
    expect(parseCues(text)).toEqual([
      { from: 0, to: 60.5, text: 'Ada joined' },
      { from: 3600, to: 3601, text: 'End' },
    ]);
  });

  it.each([
    '',
    'WEBVTT',
    '<html>',
    '00:00.000 --> x\nA',
    '00:01.000 --> 00:01.000\nNo time',
    '00:00.000 --> 00:01.000\n',
  ])('of %j are none', (text) => {
    expect(parseCues(text)).toEqual([]);
  });

  it('are found by a moment', () => {
    const cues = parseCues('00:01.000 --> 00:02.000\nA\n\n00:05.000 --> 00:06.000\nB');
    expect([0, 1, 4, 5, 99].map((at) => cueAt(cues, at)?.text)).toEqual([undefined, 'A', 'A', 'B', 'B']);
  });
});

describe('thumbnails', () => {
  it('are places in the sprite', () => {
    const text =
      '00:00.000 --> 00:05.000\nsprite.jpg#xywh=160,90,160,90\n\n00:05.000 --> 00:10.000\nsprite.jpg';
    expect(parseThumbnails(text)).toEqual([{ from: 0, to: 5, x: 160, y: 90, width: 160, height: 90 }]);
  });
});

describe('a clock', () => {
  it.each([
    [0, '0:00'],
    [61.9, '1:01'],
    [3723, '1:02:03'],
    [-5, '0:00'],
  ])('shows %d seconds as %s', (seconds, shown) => {
    expect(clockOf(seconds)).toBe(shown);
  });
});
