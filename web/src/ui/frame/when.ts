/** Times, spans and sizes as the language of the page writes them, and the region of the browser where it has one. */
const MINUTE_MS = 60_000;

/** `29 Nov 2026, 15:30 – 16:30`; one end may be missing. */
export function spanOf(from: string | null, to: string | null, language: string): string {
  const format = new Intl.DateTimeFormat(regional(language), { dateStyle: 'medium', timeStyle: 'short' });
  if (from !== null && to !== null) return format.formatRange(new Date(from), new Date(to));
  const known = from ?? to;
  return known === null ? '' : format.format(new Date(known));
}

export function momentOf(at: string, language: string): string {
  return spanOf(at, null, language);
}

export function dayOf(day: string, language: string): string {
  return new Intl.DateTimeFormat(regional(language), { dateStyle: 'medium', timeZone: 'UTC' }).format(
    new Date(day),
  );
}

/** Whole minutes between two moments. */
export function minutesBetween(from: string, to: string): number {
  return Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / MINUTE_MS));
}

/** `1 hr 5 min`, in the language's short words. */
export function lengthOf(minutes: number, language: string): string {
  const whole = Math.round(minutes);
  const [hours, rest] = [Math.floor(whole / 60), whole % 60];
  const part = (value: number, unit: 'hour' | 'minute'): string =>
    new Intl.NumberFormat(regional(language), { style: 'unit', unit, unitDisplay: 'short' }).format(value);
  if (hours === 0) return part(rest, 'minute');
  return rest === 0 ? part(hours, 'hour') : `${part(hours, 'hour')} ${part(rest, 'minute')}`;
}

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** `1.4 GB`, in steps of a thousand as networks are paid. */
export function sizeOf(bytes: number, language: string): string {
  const step = bytes < 1 ? 1 : Math.min(SIZES.length - 1, Math.floor(Math.log10(bytes) / 3));
  return new Intl.NumberFormat(regional(language), {
    style: 'unit',
    unit: SIZES[step] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: step < 3 ? 0 : 1,
  }).format(bytes / 1000 ** step);
}

/** Where the clock on the wall is: `Europe/Berlin`. */
export function zoneHere(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** `en-GB` for English in a British browser: the language was chosen, the way to write a date was not. */
function regional(language: string): string {
  return navigator.languages.find((wished) => wished.split('-')[0] === language) ?? language;
}
