/** What a connection test finds out. Owns no behaviour; each report is a new, immutable object. */

export type Reach = 'untested' | 'testing' | 'works' | 'blocked';

/** What one path carried, measured with a node's own media. */
export interface LinkReport {
  readonly over: 'udp' | 'tcp';
  readonly rttMs: number | null;
  readonly up: DirectionReport;
  readonly down: DirectionReport;
}

export interface DirectionReport {
  /** Null while it is not known. */
  readonly bps: number | null;
  /** There is at least so much: the test goes no further. */
  readonly isAtLeast: boolean;
  /** 0 to 1. */
  readonly loss: number;
  readonly jitterMs: number;
}

export interface RegionReport {
  readonly region: string;
  readonly isHome: boolean;
  /** WebSocket over HTTPS, as signaling uses it. */
  readonly socket: Reach;
  /** Of that socket; the least of a few. */
  readonly rttMs: number | null;
  readonly udp: Reach;
  readonly tcp: Reach;
  /** Measured in the nearest region alone. */
  readonly link: LinkReport | null;
  /** Why the region was not tested: no node that takes tests now. */
  readonly isAway: boolean;
}

/** In words of the test: what is wrong, worst first. A user interface has its own words for each. */
export type Finding =
  | 'browser_unsupported'
  | 'offline'
  | 'api_unreachable'
  | 'too_many_tests'
  | 'no_node'
  | 'socket_blocked'
  | 'media_blocked'
  | 'udp_blocked'
  | 'upload_too_slow'
  | 'download_too_slow'
  | 'upload_slow'
  | 'download_slow'
  | 'lossy'
  | 'jittery'
  | 'far';

/** `good`: everything; `fair`: smaller or delayed pictures; `poor`: sound at best; `blocked`: no meeting. */
export type Grade = 'good' | 'fair' | 'poor' | 'blocked' | 'unknown';

export interface Verdict {
  readonly grade: Grade;
  readonly findings: readonly Finding[];
}

export interface ConnectionReport {
  /** `reaching` sockets and ports, `measuring` the nearest region, `done`. */
  readonly stage: 'asking' | 'reaching' | 'measuring' | 'done';
  readonly regions: readonly RegionReport[];
  /** The region with the shortest way. */
  readonly nearest: string | null;
  /** 0 to 1. */
  readonly progress: number;
  /** Null until it is done. */
  readonly verdict: Verdict | null;
}
