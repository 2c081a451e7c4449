import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ATTEMPTS, Reconnection, type Moment } from './Reconnection.ts';

const at = (now: number): Moment => ({ now, random: 0.5 });

function connected(): Reconnection {
  const machine = new Reconnection(0);
  machine.handlePath('up', at(10));
  return machine;
}

describe('Reconnection', () => {
  it('is quiet while all is well', () => {
    const machine = connected();
    expect(machine.trouble).toBeNull();
    expect(machine.pollTimeout()).toBeNull();
    expect(machine.drainEffects()).toEqual([]);
  });

  it('resumes at once when the socket is lost, and is well again when it is back', () => {
    const machine = connected();
    machine.handleSocketClosed(at(10_000));
    expect(machine.drainEffects()).toEqual([{ kind: 'resume', restartIce: false }]);
    expect(machine.trouble).toEqual({ since: 10_000, attempt: 1 });
    machine.handleJoined({ resumed: true }, at(10_040));
    expect(machine.trouble).toBeNull();
  });

  it('waits longer before each further attempt', () => {
    const machine = connected();
    machine.handleSocketClosed(at(10_000));
    machine.drainEffects();
    machine.handleSocketClosed(at(10_100));
    expect(machine.drainEffects()).toEqual([]);
    const first = machine.pollTimeout()! - 10_100;
    machine.handleTimeout(at(10_100 + first));
    expect(machine.drainEffects()).toEqual([{ kind: 'resume', restartIce: false }]);
    machine.handleSocketClosed(at(11_000));
    expect(machine.pollTimeout()! - 11_000).toBeGreaterThan(first);
  });

  it('rejoins when the node no longer knows the session', () => {
    const machine = connected();
    machine.handleSocketClosed(at(10_000));
    machine.drainEffects();
    machine.handleSessionLost(at(10_050));
    machine.handleTimeout(at(11_000));
    expect(machine.drainEffects()).toEqual([{ kind: 'rejoin' }]);
  });

  it('restarts ICE when the path fails while the socket stands', () => {
    const machine = connected();
    machine.handlePath('failed', at(10_000));
    expect(machine.drainEffects()).toEqual([{ kind: 'restartIce' }]);
    machine.handlePath('up', at(10_200));
    expect(machine.trouble).toBeNull();
  });

  it('lets a short interruption heal by itself', () => {
    const machine = connected();
    machine.handlePath('interrupted', at(10_000));
    machine.handlePath('up', at(10_300));
    machine.handleTimeout(at(10_500));
    expect(machine.drainEffects()).toEqual([]);
  });

  it('asks for an ICE restart together with the resume when both are lost', () => {
    const machine = connected();
    machine.handlePath('interrupted', at(10_000));
    machine.handleSocketClosed(at(10_100));
    expect(machine.drainEffects()).toEqual([{ kind: 'resume', restartIce: true }]);
  });

  it('restarts ICE with the resume at once when the address of the path is gone, and once', () => {
    const machine = connected();
    expect(machine.handleAddressGone(at(10_000))).toBe(true);
    expect(machine.trouble).toEqual({ since: 10_000, attempt: 1 });
    machine.handleSocketClosed(at(10_000));
    expect(machine.drainEffects()).toEqual([{ kind: 'resume', restartIce: true }]);
    expect(machine.handleAddressGone(at(10_500))).toBe(false);
    machine.handleJoined({ resumed: true }, at(10_600));
    machine.handlePath('up', at(10_700));
    expect(machine.trouble).toBeNull();
    expect(machine.drainEffects()).toEqual([]);
  });

  it('offers a restart again whose answer was lost with the socket', () => {
    const machine = connected();
    machine.handlePath('failed', at(10_000));
    machine.drainEffects();
    machine.handleSocketClosed(at(10_100));
    expect(machine.drainEffects()).toEqual([{ kind: 'resume', restartIce: true }]);
  });

  it('rejoins when restarts do not help', () => {
    const machine = connected();
    machine.handlePath('failed', at(10_000));
    machine.handleTimeout(at(machine.pollTimeout()!));
    machine.handleTimeout(at(machine.pollTimeout()!));
    expect(machine.drainEffects().map(({ kind }) => kind)).toEqual(['restartIce', 'restartIce', 'rejoin']);
  });

  it('says that no media path exists when three connections in a row never had one', () => {
    const machine = new Reconnection(0);
    const effects: string[] = [];
    for (let now = machine.pollTimeout(); now !== null; now = machine.pollTimeout()) {
      machine.handleTimeout(at(now));
      for (const effect of machine.drainEffects()) {
        effects.push(effect.kind === 'giveUp' ? effect.cause : effect.kind);
        if (effect.kind === 'rejoin') machine.handleJoined({ resumed: false }, at(now));
      }
    }
    expect(effects).toEqual(['rejoin', 'rejoin', 'media_path_failed']);
  });

  it('tries nothing while offline, and at once when back', () => {
    const machine = connected();
    machine.handleOffline();
    machine.handleSocketClosed(at(10_000));
    expect(machine.drainEffects()).toEqual([]);
    expect(machine.pollTimeout()).toBeNull();
    machine.handleOnline(at(500_000));
    expect(machine.drainEffects()).toEqual([{ kind: 'resume', restartIce: true }]);
  });

  it.each([
    ['rejoins elsewhere when neither the node nor its media answer', 'interrupted', 'rejoin'],
    ['keeps resuming while media proves that the node lives', 'up', 'resume'],
  ] as const)('%s', (_name, path, way) => {
    const machine = connected();
    machine.handlePath(path, at(10_000));
    let now = 10_000;
    for (let losses = 0; losses < 6; losses += 1) {
      machine.handleSocketClosed(at(now));
      now = Math.max(now + 1, machine.pollTimeout() ?? now);
      machine.handleTimeout(at(now));
    }
    expect(machine.drainEffects().at(-1)?.kind).toBe(way);
  });

  it('honours the wait that the API asks for', () => {
    const machine = connected();
    machine.handleSessionLost(at(10_000));
    machine.drainEffects();
    machine.handleRejoinFailed({ retryAfterMs: 9_000 }, at(11_000));
    expect(machine.pollTimeout()).toBe(20_000);
  });

  it('gives up after its last attempt and stays silent', () => {
    const machine = connected();
    let now = 10_000;
    machine.handleSocketClosed(at(now));
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      now = Math.max(now + 1, machine.pollTimeout() ?? now);
      machine.handleTimeout(at(now));
      machine.handleSocketClosed(at(now));
    }
    expect(machine.drainEffects().at(-1)).toEqual({ kind: 'giveUp', cause: 'unreachable' });
    machine.handleSocketClosed(at(now + 1));
    machine.handleOnline(at(now + 2));
    expect(machine.drainEffects()).toEqual([]);
  });

  it('makes the path anew at once when another interface carries us, and stays well if it holds', () => {
    const machine = connected();
    machine.handleNetworkChange(at(10_000));
    expect(machine.drainEffects()).toEqual([{ kind: 'restartIce' }]);
    // A second change within the restart waits for its outcome.
    machine.handleNetworkChange(at(10_100));
    expect(machine.drainEffects()).toEqual([]);
    machine.handlePath('up', at(10_200));
    expect([machine.trouble, machine.pollTimeout()]).toEqual([null, null]);
  });

  type Input = (machine: Reconnection, moment: Moment) => void;
  const input = fc.constantFrom<Input>(
    (machine, moment) => {
      machine.handleNetworkChange(moment);
    },
    (machine, moment) => {
      machine.handleSocketClosed(moment);
    },
    (machine, moment) => {
      machine.handleJoined({ resumed: true }, moment);
    },
    (machine, moment) => {
      machine.handleJoined({ resumed: false }, moment);
    },
    (machine, moment) => {
      machine.handleSessionLost(moment);
    },
    (machine, moment) => {
      machine.handleRejoinFailed({ retryAfterMs: 500 }, moment);
    },
    (machine, moment) => {
      machine.handlePath('up', moment);
    },
    (machine, moment) => {
      machine.handlePath('interrupted', moment);
    },
    (machine, moment) => {
      machine.handlePath('failed', moment);
    },
    (machine, moment) => {
      machine.handleOnline(moment);
    },
    (machine) => {
      machine.handleOffline();
    },
    (machine, moment) => {
      machine.handleTimeout(moment);
    },
  );
  const history = fc.array(
    fc.tuple(input, fc.nat({ max: 9_000 }), fc.double({ min: 0, max: 0.999, noNaN: true })),
  );

  function replay(steps: readonly (readonly [Input, number, number])[]): {
    machine: Reconnection;
    now: number;
  } {
    const machine = new Reconnection(0);
    let now = 0;
    for (const [apply, pause, random] of steps) {
      now += pause;
      apply(machine, { now, random });
    }
    return { machine, now };
  }

  /** Knows of itself whether its socket stands. */
  class Watched extends Reconnection {
    isUp = true;

    override handleSocketClosed(moment: Moment): void {
      this.isUp = false;
      super.handleSocketClosed(moment);
    }

    override handleJoined(joined: { readonly resumed: boolean }, moment: Moment): void {
      this.isUp = true;
      super.handleJoined(joined, moment);
    }

    override handleSessionLost(moment: Moment): void {
      this.isUp = false;
      super.handleSessionLost(moment);
    }

    override handleRejoinFailed(failure: { readonly retryAfterMs: number | null }, moment: Moment): void {
      this.isUp = false;
      super.handleRejoinFailed(failure, moment);
    }
  }

  /** What was asked for after each input of a history, and whether the socket stood then. */
  function told(steps: readonly (readonly [Input, number, number])[]): { isUp: boolean; kinds: string[] }[] {
    const machine = new Watched(0);
    let now = 0;
    return steps.map(([apply, pause, random]) => {
      now += pause;
      apply(machine, { now, random });
      const { isUp } = machine;
      const kinds = machine.drainEffects().map(({ kind }) => kind);
      if (kinds.includes('resume') || kinds.includes('rejoin')) machine.isUp = false;
      return { isUp, kinds };
    });
  }

  it('offers a new path over a socket that stands only, and asks for one thing at a time', () => {
    fc.assert(
      fc.property(history, (steps) => {
        for (const { isUp, kinds } of told(steps)) {
          expect(kinds.length).toBeLessThanOrEqual(1);
          if (kinds.includes('restartIce')) expect(isUp).toBe(true);
        }
      }),
    );
  });

  it('asks for nothing any more once it gave up, whatever comes', () => {
    const losses = fc.array(
      fc.tuple(input, fc.nat({ max: 9_000 }), fc.double({ min: 0, max: 0.999, noNaN: true })),
      { minLength: 200, maxLength: 400 },
    );
    let ends = 0;
    fc.assert(
      fc.property(losses, (steps) => {
        const kinds = told(steps).flatMap((one) => one.kinds);
        const end = kinds.indexOf('giveUp');
        if (end === -1) return;
        ends += 1;
        expect(kinds.slice(end)).toEqual(['giveUp']);
      }),
    );
    expect(ends).toBeGreaterThan(0);
  });

  it('is well after any history once socket and path are up, unless it gave up', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { machine, now } = replay(steps);
        const gaveUp = machine.drainEffects().some(({ kind }) => kind === 'giveUp');
        machine.handleOnline(at(now));
        machine.handleJoined({ resumed: false }, at(now));
        machine.handlePath('up', at(now));
        expect(machine.trouble === null || gaveUp).toBe(true);
      }),
    );
  });

  it('never is in trouble online without either an effect under way or a timeout to come', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { machine, now } = replay(steps);
        if (machine.drainEffects().some(({ kind }) => kind === 'giveUp')) return;
        machine.handleOnline(at(now));
        // A lost socket is what any effect under way ends in when nothing answers.
        machine.handleSocketClosed(at(now));
        const effects = machine.drainEffects();
        expect(machine.trouble).not.toBeNull();
        expect(effects.length > 0 || machine.pollTimeout() !== null).toBe(true);
      }),
    );
  });
});
