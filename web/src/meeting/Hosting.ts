/**
 * Hosting: what hosts and cohosts ask of the control plane about the meeting that they are in.
 *
 * Owns the calls and the check of their answers, and keeps nothing: who may do what is the API's answer.
 * Source: docs/api.md, "Host it".
 */
import type { Api } from '../api/index.ts';
import { watchDoor, type Happened } from './DoorWatch.ts';
import { MeetingError, asMeetingError } from './errors.ts';
import type {
  DoorState,
  Hosting as HostingCalls,
  MeetingRules,
  ParticipantId,
  Role,
  RuleChange,
  WaitingPerson,
} from './types.ts';

/** Less than the API's answers may take. */
const WAIT_SECONDS = 8;

export class Hosting implements HostingCalls {
  readonly #api: Api;
  readonly #meeting: () => string | null;

  /** `api` speaks as the own participant; `meeting` is null before one has joined. */
  constructor(api: Api, meeting: () => string | null) {
    this.#api = api;
    this.#meeting = meeting;
  }

  watchDoor(listener: (door: DoorState) => void): () => void {
    return watchDoor(this, listener);
  }

  async lastEvent(): Promise<number> {
    return happenedOf(await this.#call('GET', '/events?limit=1'), true).last;
  }

  async eventsAfter(number: number): Promise<Happened> {
    const query = `after=${String(number)}&limit=100&waitSeconds=${String(WAIT_SECONDS)}`;
    return happenedOf(await this.#call('GET', `/events?${query}`), false);
  }

  async fetchRules(): Promise<MeetingRules> {
    return parseRules(await this.#call('GET', ''));
  }

  async changeRules(change: RuleChange): Promise<MeetingRules> {
    return parseRules(await this.#call('PATCH', '', change));
  }

  async listWaiting(): Promise<readonly WaitingPerson[]> {
    return parseWaiting(await this.#call('GET', '/participants?state=waiting'));
  }

  async admit(participant: ParticipantId): Promise<void> {
    await this.#call('POST', `${placeOf(participant)}/admit`);
  }

  async deny(participant: ParticipantId): Promise<void> {
    await this.#call('POST', `${placeOf(participant)}/deny`);
  }

  async admitAll(): Promise<void> {
    await this.#call('POST', '/participants/admit-all');
  }

  async muteAll(): Promise<void> {
    await this.#call('POST', '/participants/mute-all');
  }

  async setRole(participant: ParticipantId, role: Role): Promise<void> {
    await this.#call('PATCH', placeOf(participant), { role });
  }

  async rename(participant: ParticipantId, displayName: string): Promise<void> {
    await this.#call('PATCH', placeOf(participant), { displayName });
  }

  async ban(participant: ParticipantId): Promise<void> {
    await this.#call('DELETE', `${placeOf(participant)}?ban=true`);
  }

  async endMeeting(): Promise<void> {
    await this.#call('POST', '/end');
  }

  async #call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<unknown> {
    const meeting = this.#meeting();
    if (meeting === null) throw new MeetingError('forbidden', 'only a meeting that was joined can be hosted');
    try {
      return await this.#api.call(method, `/meetings/${encodeURIComponent(meeting)}${path}`, body);
    } catch (error) {
      throw asMeetingError(error);
    }
  }
}

function placeOf(participant: ParticipantId): string {
  return `/participants/${encodeURIComponent(participant)}`;
}

function parseRules(body: unknown): MeetingRules {
  const { locked, waitingRoom, hasPasscode } = fieldsOf(body);
  if (typeof locked !== 'boolean' || typeof waitingRoom !== 'boolean') throw unreadable();
  return { locked, waitingRoom, hasPasscode: hasPasscode === true };
}

function parseWaiting(body: unknown): readonly WaitingPerson[] {
  const { items } = fieldsOf(body);
  if (!Array.isArray(items)) throw unreadable();
  return items.map((item) => {
    const { id, displayName, askedAt } = fieldsOf(item);
    if (typeof id !== 'string' || typeof displayName !== 'string') throw unreadable();
    return { id, displayName, askedAt: typeof askedAt === 'string' ? askedAt : null };
  });
}

/** `isToEnd`: from the end of the log, whatever page of it was asked for. */
function happenedOf(body: unknown, isToEnd: boolean): Happened {
  const { items, last } = fieldsOf(body);
  if (!Array.isArray(items) || typeof last !== 'number') throw unreadable();
  const events = items.map(fieldsOf);
  const number = events.at(-1)?.['number'];
  return {
    types: events.map(({ type }) => String(type)),
    last: !isToEnd && typeof number === 'number' ? number : last,
  };
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== 'object' || body === null) throw unreadable();
  return body as Readonly<Record<string, unknown>>;
}

function unreadable(): MeetingError {
  return new MeetingError('server_error', 'the API answered something else than its contract says');
}
