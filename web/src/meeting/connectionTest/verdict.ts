/** What the numbers of a connection test mean for a meeting. Pure. */
import type { DirectionReport, Finding, Grade, LinkReport, RegionReport, Verdict } from './types.ts';

/** A camera in 720p with its smaller layers, and voice. */
const GOOD_BPS = 1_500_000;
/** Two small pictures and voice: below this, pictures pause. */
const LEAST_BPS = 300_000;
/** What FEC and RED repair unheard, and what nothing repairs. */
const NOTICEABLE_LOSS = 0.03;
const BAD_LOSS = 0.12;
/** A jitter buffer of a conversation is as long. */
const NOTICEABLE_JITTER_MS = 50;
/** ITU-T G.114: people begin to talk at the same time from some 150 ms one way; the buffer takes its part of that. */
const FAR_MS = 250;

const BLOCKING: ReadonlySet<Finding> = new Set([
  'browser_unsupported',
  'offline',
  'api_unreachable',
  'socket_blocked',
  'media_blocked',
]);
const UNKNOWN: ReadonlySet<Finding> = new Set(['too_many_tests', 'no_node']);
const POOR: ReadonlySet<Finding> = new Set(['upload_too_slow', 'download_too_slow']);

export function verdictOf(regions: readonly RegionReport[], nearest: string | null): Verdict {
  const tested = regions.filter(({ isAway }) => !isAway);
  if (tested.length === 0) return judge(['no_node']);
  const region = tested.find((one) => one.region === nearest);
  if (region === undefined) return judge(['socket_blocked']);
  if (region.udp === 'blocked' && region.tcp === 'blocked') return judge(['media_blocked']);
  const findings: Finding[] = region.udp === 'blocked' ? ['udp_blocked'] : [];
  return judge([...findings, ...(region.link === null ? [] : findingsOf(region.link))], region.link);
}

export function failed(finding: Finding): Verdict {
  return judge([finding]);
}

function findingsOf({ up, down, rttMs }: LinkReport): Finding[] {
  const found: (Finding | null)[] = [
    speed(up, 'upload_too_slow', 'upload_slow'),
    speed(down, 'download_too_slow', 'download_slow'),
    Math.max(up.loss, down.loss) > NOTICEABLE_LOSS ? 'lossy' : null,
    Math.max(up.jitterMs, down.jitterMs) > NOTICEABLE_JITTER_MS ? 'jittery' : null,
    rttMs !== null && rttMs > FAR_MS ? 'far' : null,
  ];
  return found.filter((one) => one !== null);
}

function speed(direction: DirectionReport, tooSlow: Finding, slow: Finding): Finding | null {
  if (direction.bps === null || direction.isAtLeast) return null;
  if (direction.bps < LEAST_BPS) return tooSlow;
  return direction.bps < GOOD_BPS ? slow : null;
}

function judge(findings: readonly Finding[], link: LinkReport | null = null): Verdict {
  return { grade: gradeOf(findings, link), findings };
}

function gradeOf(findings: readonly Finding[], link: LinkReport | null): Grade {
  const isAny = (set: ReadonlySet<Finding>): boolean => findings.some((one) => set.has(one));
  if (isAny(BLOCKING)) return 'blocked';
  if (isAny(UNKNOWN)) return 'unknown';
  const worstLoss = link === null ? 0 : Math.max(link.up.loss, link.down.loss);
  if (isAny(POOR) || worstLoss > BAD_LOSS) return 'poor';
  return findings.length > 0 ? 'fair' : 'good';
}
