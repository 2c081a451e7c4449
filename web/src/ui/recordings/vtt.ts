/**
 * What a recording's WebVTT files say: chapters, and which part of the sprite shows which moment.
 *
 * Pure; takes text from outside, and leaves out what it cannot read.
 * Source: WebVTT, W3C; pictures by `#xywh=` (Media Fragments URI 1.0).
 */
export interface Cue {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface Thumbnail {
  readonly from: number;
  readonly to: number;
  /** In the sprite, in pixels. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const TIMES = /^((?:\d+:)?\d\d:\d\d\.\d{3})[ \t]+-->[ \t]+((?:\d+:)?\d\d:\d\d\.\d{3})/;
const PLACE = /#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)$/;

export function parseCues(text: string): readonly Cue[] {
  const cues: Cue[] = [];
  for (const block of text.replace(/\r\n?/g, '\n').split(/\n{2,}/)) {
    const lines = block.split('\n').filter((line) => line !== '');
    const at = lines.findIndex((line) => TIMES.test(line));
    const [, from, to] = TIMES.exec(lines[at] ?? '') ?? [];
    if (from === undefined || to === undefined) continue;
    const cue = { from: secondsOf(from), to: secondsOf(to), text: lines.slice(at + 1).join(' ') };
    if (cue.to > cue.from && cue.text !== '') cues.push(cue);
  }
  return cues;
}

export function parseThumbnails(text: string): readonly Thumbnail[] {
  return parseCues(text).flatMap(({ from, to, text: place }) => {
    const [x, y, width, height] = (PLACE.exec(place) ?? []).slice(1).map(Number);
    if (x === undefined || y === undefined || !width || !height) return [];
    return [{ from, to, x, y, width, height }];
  });
}

/** The cue of a moment, or the last one before it; null before the first. */
export function cueAt<T extends { readonly from: number }>(cues: readonly T[], seconds: number): T | null {
  return cues.findLast((cue) => cue.from <= seconds) ?? null;
}

/** As `1:02:03`, or `2:03` below an hour. */
export function clockOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

function secondsOf(time: string): number {
  return time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
