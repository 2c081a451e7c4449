import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DirectionReport, Grade, LinkReport, RegionReport } from './types.ts';
import { verdictOf } from './verdict.ts';

const FINE: DirectionReport = { bps: 2_800_000, isAtLeast: true, loss: 0, jitterMs: 4 };

function link(change: Partial<LinkReport> = {}): LinkReport {
  return { over: 'udp', rttMs: 20, up: FINE, down: FINE, ...change };
}

function region(change: Partial<RegionReport> = {}): RegionReport {
  return {
    region: 'here',
    isHome: true,
    socket: 'works',
    rttMs: 12,
    udp: 'works',
    tcp: 'works',
    link: link(),
    isAway: false,
    ...change,
  };
}

const WORST_LAST: readonly Grade[] = ['good', 'fair', 'poor'];

describe('the verdict', () => {
  it('finds nothing where everything is well', () => {
    expect(verdictOf([region()], 'here')).toEqual({ grade: 'good', findings: [] });
  });

  it.each([
    ['UDP that is blocked', region({ udp: 'blocked' }), 'fair', 'udp_blocked'],
    [
      'neither UDP nor TCP',
      region({ udp: 'blocked', tcp: 'blocked', link: null }),
      'blocked',
      'media_blocked',
    ],
    ['a weak upload', weak('up', 900_000), 'fair', 'upload_slow'],
    ['an upload for voices alone', weak('up', 120_000), 'poor', 'upload_too_slow'],
    ['a weak download', weak('down', 900_000), 'fair', 'download_slow'],
    ['a download for voices alone', weak('down', 120_000), 'poor', 'download_too_slow'],
    ['loss', region({ link: link({ up: { ...FINE, loss: 0.05 } }) }), 'fair', 'lossy'],
    ['heavy loss', region({ link: link({ down: { ...FINE, loss: 0.3 } }) }), 'poor', 'lossy'],
    ['jitter', region({ link: link({ down: { ...FINE, jitterMs: 120 } }) }), 'fair', 'jittery'],
    ['a long way', region({ link: link({ rttMs: 420 }) }), 'fair', 'far'],
  ] as const)('names %s', (_, seen, grade, finding) => {
    expect(verdictOf([seen], 'here')).toEqual({ grade, findings: [finding] });
  });

  it('says that no socket opens where none did, and that there is no node where there is none', () => {
    const blocked = region({ socket: 'blocked', rttMs: null, udp: 'untested', tcp: 'untested', link: null });
    expect(verdictOf([blocked], null)).toEqual({ grade: 'blocked', findings: ['socket_blocked'] });
    expect(verdictOf([region({ isAway: true })], null)).toEqual({ grade: 'unknown', findings: ['no_node'] });
  });

  it('is never better for a link that is worse', () => {
    const direction = fc.record({
      bps: fc.integer({ min: 1, max: 3_000_000 }),
      isAtLeast: fc.constant(false),
      loss: fc.double({ min: 0, max: 1, noNaN: true }),
      jitterMs: fc.double({ min: 0, max: 500, noNaN: true }),
    });
    fc.assert(
      fc.property(direction, direction, fc.integer({ min: 1, max: 900 }), (up, down, rttMs) => {
        const grades = [1, 0.5].map((share) => {
          const worse = {
            ...up,
            bps: up.bps * share,
            loss: Math.min(1, up.loss / share),
            jitterMs: up.jitterMs / share,
          };
          return verdictOf([region({ link: link({ up: worse, down, rttMs: rttMs / share }) })], 'here').grade;
        });
        const [better = 'good', worse = 'good'] = grades;
        expect(WORST_LAST.indexOf(worse)).toBeGreaterThanOrEqual(WORST_LAST.indexOf(better));
      }),
    );
  });
});

function weak(way: 'up' | 'down', bps: number): RegionReport {
  return region({ link: link({ [way]: { ...FINE, bps, isAtLeast: false } }) });
}
