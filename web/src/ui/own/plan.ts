/** What somebody fills in to schedule a meeting, or to change one: from the API's words and back. Pure. */
import type { MeetingWishes, OwnMeeting, RecordingSetting } from './meetings.ts';

/** As the fields of the form hold it; times as `2026-11-29T15:30` in the person's own time zone, empty for none. */
export interface Plan {
  readonly title: string;
  readonly startsAt: string;
  readonly endsAt: string;
  /** Empty keeps what there is: nobody can read a passcode back. */
  readonly passcode: string;
  readonly dropsPasscode: boolean;
  readonly waitingRoom: boolean;
  readonly guests: boolean;
  readonly maxParticipants: string;
  readonly recording: RecordingSetting;
  /** Empty: where the API thinks best. */
  readonly region: string;
}

/** The key of what is wrong with a field. */
export type PlanProblems = Readonly<Partial<Record<keyof Plan, string>>>;

const HALF_HOUR_MS = 1_800_000;
const MOST_PEOPLE = 1_000;
const FEWEST_PEOPLE = 2;

/** An hour from the next half hour on, as calendars propose it. */
export function newPlan(now: number): Plan {
  const start = Math.ceil(now / HALF_HOUR_MS) * HALF_HOUR_MS;
  return {
    title: '',
    startsAt: localOf(new Date(start).toISOString()),
    endsAt: localOf(new Date(start + 2 * HALF_HOUR_MS).toISOString()),
    passcode: '',
    dropsPasscode: false,
    waitingRoom: false,
    guests: true,
    maxParticipants: '',
    recording: 'off',
    region: '',
  };
}

export function planOf(meeting: OwnMeeting): Plan {
  return {
    title: meeting.title ?? '',
    startsAt: localOf(meeting.startsAt),
    endsAt: localOf(meeting.endsAt),
    passcode: '',
    dropsPasscode: false,
    waitingRoom: meeting.waitingRoom,
    guests: meeting.guests,
    maxParticipants: String(meeting.maxParticipants),
    recording: meeting.recording,
    region: meeting.homeRegion,
  };
}

/** The API has the last word; this says at once what it would say. */
export function problemsOf(plan: Plan, now: number): PlanProblems {
  const [start, end] = [instantOf(plan.startsAt), instantOf(plan.endsAt)];
  const found: Partial<Record<keyof Plan, string>> = {};
  if (plan.startsAt !== '' && start === null) found.startsAt = 'badTime';
  if (plan.endsAt !== '' && end === null) found.endsAt = 'badTime';
  if (end !== null && start !== null && end <= start) found.endsAt = 'endsBeforeStart';
  else if (end !== null && end <= now) found.endsAt = 'endsInPast';
  const letters = Array.from(plan.passcode).length;
  if (!plan.dropsPasscode && letters > 0 && (letters < 4 || letters > 64)) found.passcode = 'badPasscode';
  if (!isHeadCount(plan.maxParticipants)) found.maxParticipants = 'badMaxParticipants';
  return found;
}

export function wishesOf(plan: Plan): MeetingWishes {
  const title = plan.title.trim();
  return {
    ...(title === '' ? {} : { title }),
    ...(plan.startsAt === '' ? {} : { startsAt: utcOf(plan.startsAt) }),
    ...(plan.endsAt === '' ? {} : { endsAt: utcOf(plan.endsAt) }),
    ...(plan.passcode === '' ? {} : { passcode: plan.passcode }),
    ...(plan.maxParticipants === '' ? {} : { maxParticipants: Number(plan.maxParticipants) }),
    ...(plan.region === '' ? {} : { region: plan.region }),
    waitingRoom: plan.waitingRoom,
    guests: plan.guests,
    recording: plan.recording,
  };
}

/** Only what is to be another than it was read. Where it lives is settled when it is made. */
export function changesOf(plan: Plan, before: OwnMeeting): MeetingWishes {
  const was = planOf(before);
  const people = plan.maxParticipants === '' ? before.maxParticipants : Number(plan.maxParticipants);
  return {
    ...(plan.title.trim() === was.title ? {} : { title: orNull(plan.title.trim()) }),
    ...(plan.startsAt === was.startsAt ? {} : { startsAt: utcOrNull(plan.startsAt) }),
    ...(plan.endsAt === was.endsAt ? {} : { endsAt: utcOrNull(plan.endsAt) }),
    ...(people === before.maxParticipants ? {} : { maxParticipants: people }),
    ...(plan.waitingRoom === was.waitingRoom ? {} : { waitingRoom: plan.waitingRoom }),
    ...(plan.guests === was.guests ? {} : { guests: plan.guests }),
    ...(plan.recording === was.recording ? {} : { recording: plan.recording }),
    ...passcodeChange(plan),
  };
}

function passcodeChange(plan: Plan): MeetingWishes {
  if (plan.dropsPasscode) return { passcode: null };
  return plan.passcode === '' ? {} : { passcode: plan.passcode };
}

/** What one wants to change that somebody else has changed since; the rest is nobody's quarrel. */
export function disputesOf(
  changes: MeetingWishes,
  read: OwnMeeting,
  now: OwnMeeting,
): readonly (keyof MeetingWishes)[] {
  const names = Object.keys(changes) as (keyof MeetingWishes)[];
  return names.filter((name) => {
    if (name === 'passcode') return read.hasPasscode !== now.hasPasscode;
    const field = name === 'region' ? 'homeRegion' : name;
    return read[field] !== now[field] && now[field] !== changes[name];
  });
}

/** `2026-11-29T14:30:00Z` as the clock on the wall says it here. */
export function localOf(time: string | null): string {
  if (time === null) return '';
  const at = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

function instantOf(local: string): number | null {
  const at = Date.parse(local);
  return local === '' || Number.isNaN(at) ? null : at;
}

function utcOf(local: string): string {
  return new Date(local).toISOString();
}

function utcOrNull(local: string): string | null {
  return local === '' ? null : utcOf(local);
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}

/** Empty: as many as meetings usually have. */
function isHeadCount(text: string): boolean {
  if (text === '') return true;
  const count = Number(text);
  return Number.isInteger(count) && count >= FEWEST_PEOPLE && count <= MOST_PEOPLE;
}
