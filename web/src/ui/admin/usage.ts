/** What was used, as a file and as a chart. Pure. */
import type { UsedDay } from './operation.ts';

export const MEASURES = ['meetings', 'meetingMinutes', 'participantMinutes', 'egressBytes'] as const;
export type Measure = (typeof MEASURES)[number];

/** RFC 4180; numbers as the API gives them, for programs. */
export function csvOf(days: readonly UsedDay[]): string {
  const lines = days.map((day) => [day.day, ...MEASURES.map((measure) => String(day[measure]))].join(','));
  return [['day', ...MEASURES].join(','), ...lines, ''].join('\r\n');
}

export interface Bar {
  readonly day: string;
  readonly value: number;
  /** 0 to 1 of the chart's height. */
  readonly height: number;
}

/** The bars of a measure, and the round number that the chart reaches to. */
export function barsOf(
  days: readonly UsedDay[],
  measure: Measure,
): { readonly bars: readonly Bar[]; readonly top: number } {
  const top = roundedUp(Math.max(0, ...days.map((day) => day[measure])));
  const bars = days.map((day) => ({ day: day.day, value: day[measure], height: day[measure] / top }));
  return { bars, top };
}

/** 1, 2 or 5 times a power of ten, so that the axis has a number that people read at a glance. */
function roundedUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10;
  return step * power;
}

/** A day of UTC, so many days before another. */
export function dayBefore(day: string, days: number): string {
  return new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10);
}
