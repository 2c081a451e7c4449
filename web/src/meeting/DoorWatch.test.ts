import { describe, expect, it } from 'vitest';
import { watchDoor, type Clock, type DoorCalls, type Happened } from './DoorWatch.ts';
import type { DoorState } from './types.ts';

/** A meeting whose log is written by the test, and a clock that runs only while somebody waits for it. */
class FakeDoor implements DoorCalls {
  waitingRoom = true;
  hasPasscode = false;
  waiting: string[] = [];
  log: string[] = [];
  isAway = false;
  /** The API has too many readers: it answers at once. */
  isCrowded = false;
  readonly asked: { readonly at: number; readonly what: string }[] = [];
  #now = 0;
  #wakes: (() => void)[] = [];
  #timers: { readonly at: number; readonly wake: () => void }[] = [];

  readonly clock: Clock = {
    now: () => this.#now,
    wait: (ms) =>
      new Promise((wake) => {
        this.#timers.push({ at: this.#now + ms, wake });
      }),
  };

  fetchRules = () =>
    this.#answer('rules', () => ({
      locked: false,
      waitingRoom: this.waitingRoom,
      hasPasscode: this.hasPasscode,
    }));
  listWaiting = () =>
    this.#answer('waiting', () => this.waiting.map((id) => ({ id, displayName: id, askedAt: null })));
  lastEvent = () => this.#answer('last', () => this.log.length);

  async eventsAfter(number: number): Promise<Happened> {
    await this.#answer('events', () => undefined);
    const [answered, timeout] = [this.log.length > number, this.#now + 8_000];
    if (!answered && !this.isCrowded) {
      await new Promise<void>((wake) => {
        this.#wakes.push(wake);
        this.#timers.push({ at: timeout, wake });
      });
    }
    const types = this.log.slice(number);
    return { types, last: number + types.length };
  }

  knock(name: string): void {
    this.waiting.push(name);
    this.happen('participant.waiting');
  }

  happen(type: string): void {
    this.log.push(type);
    for (const wake of this.#wakes.splice(0)) wake();
  }

  async run(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      const next = this.#timers.toSorted((one, other) => one.at - other.at)[0];
      if (next === undefined || next.at > end) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#now = end;
  }

  count(what: string): number {
    return this.asked.filter((one) => one.what === what).length;
  }

  #answer<T>(what: string, value: () => T): Promise<T> {
    this.asked.push({ at: this.#now, what });
    return this.isAway ? Promise.reject(new Error('away')) : Promise.resolve(value());
  }
}

/** Everything that waits for nothing but its turn has had it. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

function watched() {
  const door = new FakeDoor();
  const seen: DoorState[] = [];
  const stop = watchDoor(
    door,
    (state) => {
      seen.push(state);
    },
    door.clock,
  );
  const names = (): readonly string[] => (seen.at(-1)?.waiting ?? []).map(({ id }) => id);
  return { door, seen, stop, names };
}

describe('the door', () => {
  it('shows who waits within a second, whenever they come', async () => {
    const { door, names } = watched();
    await door.run(3_000);
    door.knock('Cleo');
    await door.run(10);
    expect(names()).toEqual(['Cleo']);
    // While the host asks for the one before, another one comes.
    door.knock('Dan');
    await door.run(1_000);
    expect(names()).toEqual(['Cleo', 'Dan']);
  });

  it('sees who falls silent there, of which no event tells, and who says that they give up', async () => {
    const { door, names } = watched();
    door.knock('Cleo');
    door.knock('Dan');
    await door.run(1_000);
    door.waiting = ['Dan'];
    await door.run(25_000);
    expect(names()).toEqual(['Dan']);
    door.waiting = [];
    door.happen('participant.gone');
    await door.run(1_000);
    expect(names()).toEqual([]);
  });

  it('says that passcodes are guessed, also where nobody has to wait', async () => {
    const { door, seen } = watched();
    door.waitingRoom = false;
    door.hasPasscode = true;
    await door.run(3_000);
    expect(seen.at(-1)?.guesses).toBe(0);
    door.happen('meeting.passcode_guessed');
    await door.run(1_000);
    expect(seen.at(-1)?.guesses).toBe(1);
  });

  it('costs an idle host eight questions a minute, and an open door four', async () => {
    const waits = watched();
    await waits.door.run(60_000);
    expect(waits.door.asked.length).toBeLessThanOrEqual(11);
    const { door } = watched();
    door.waitingRoom = false;
    await door.run(60_000);
    expect(door.count('events')).toBe(0);
    expect(door.count('rules')).toBeLessThanOrEqual(5);
  });

  it('is no storm when a thousand come at once', async () => {
    const { door, names } = watched();
    await door.run(100);
    for (let tenth = 0; tenth < 100; tenth += 1) {
      for (let one = 0; one < 10; one += 1) door.knock(`guest ${String(tenth)} ${String(one)}`);
      await door.run(100);
    }
    await door.run(1_000);
    expect(names()).toHaveLength(1_000);
    expect(door.count('waiting')).toBeLessThanOrEqual(30);
  });

  it('looks again only for what is about the door', async () => {
    const { door, seen } = watched();
    await door.run(100);
    door.happen('meeting.counted');
    await door.run(1_000);
    expect(seen).toHaveLength(1);
    door.happen('meeting.updated');
    await door.run(1_000);
    expect(seen).toHaveLength(2);
  });

  it('takes its time with an API that answers at once with nothing', async () => {
    const { door } = watched();
    door.isCrowded = true;
    await door.run(60_000);
    expect(door.count('events')).toBeLessThanOrEqual(31);
  });

  it('goes on after the API was away, and stops when told to', async () => {
    const { door, seen, stop, names } = watched();
    door.isAway = true;
    await door.run(20_000);
    door.isAway = false;
    door.knock('Cleo');
    await door.run(6_000);
    expect(names()).toEqual(['Cleo']);
    stop();
    const known = seen.length;
    door.knock('Dan');
    await door.run(60_000);
    const asked = door.asked.length;
    await door.run(60_000);
    expect([seen.length, door.asked.length]).toEqual([known, asked]);
  });
});
