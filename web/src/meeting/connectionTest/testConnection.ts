/**
 * testConnection: how well this network carries a meeting, found out with the media nodes themselves.
 *
 * Asks the API for a node of each region, measures the way to each, and lets the nearest one send a picture back.
 * Joins no meeting, needs no camera and no account. Source: docs/decisions/0019-connection-tests.md.
 */
import { Api, ApiError } from '../../api/index.ts';
import { startNoisePicture, type NoisePicture } from '../../media/index.ts';
import { canConnect } from '../../rtc/index.ts';
import { failed, verdictOf } from './verdict.ts';
import { Region, type RegionGrant, type TestEnvironment } from './Region.ts';
import type { ConnectionReport, Finding } from './types.ts';

export interface ConnectionTestOptions {
  readonly apiUrl: string;
  /** Told of each thing that is found out; the last report is also what the call resolves with. */
  readonly onReport?: (report: ConnectionReport) => void;
  /** Ends the test; the call then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** How long the nearest region is measured; 6,000 by default. */
  readonly measureMs?: number;
  readonly environment?: TestEnvironment & {
    readonly fetch?: typeof fetch;
    readonly startPicture?: () => NoisePicture | null;
  };
}

const MEASURE_MS = 6_000;
const BEGUN: ConnectionReport = {
  stage: 'asking',
  regions: [],
  nearest: null,
  progress: 0,
  verdict: null,
};

/**
 * Resolves with what was found out, also where that is that nothing gets through: `verdict` says so.
 *
 * @throws DOMException `AbortError` when `signal` ends it.
 */
export async function testConnection(options: ConnectionTestOptions): Promise<ConnectionReport> {
  const test = new ConnectionTest(options);
  try {
    return await test.run();
  } finally {
    test.close();
  }
}

class ConnectionTest {
  readonly #options: ConnectionTestOptions;
  #report = BEGUN;
  #regions: readonly Region[] = [];
  #picture: NoisePicture | null = null;
  readonly #handleAbort = (): void => {
    // Whatever is waited for ends with its socket.
    this.close();
  };

  constructor(options: ConnectionTestOptions) {
    this.#options = options;
    options.signal?.addEventListener('abort', this.#handleAbort);
  }

  async run(): Promise<ConnectionReport> {
    this.#update({});
    const { createPeerConnection } = this.#options.environment ?? {};
    if (createPeerConnection === undefined && !canConnect())
      return this.#update({ ...DONE, verdict: failed('browser_unsupported') });
    const grants = await this.#ask();
    this.#checkAborted();
    if (typeof grants === 'string') return this.#update({ ...DONE, verdict: failed(grants) });
    const start = this.#options.environment?.startPicture ?? startNoisePicture;
    this.#picture = start();
    this.#regions = grants.map((grant) => this.#regionOf(grant));
    this.#update({ stage: 'reaching', progress: 0.1 });
    await Promise.all(this.#regions.map((region) => region.reach()));
    this.#checkAborted();
    const nearest = nearestOf(this.#regions);
    this.#update({ nearest: nearest?.report.region ?? null, progress: 0.3 });
    const others = this.#regions.filter((region) => region !== nearest);
    await Promise.all(others.map((region) => region.tryPaths()));
    this.#checkAborted();
    this.#update({ stage: 'measuring', progress: 0.4 });
    await nearest?.measure(this.#options.measureMs ?? MEASURE_MS, (done) => {
      this.#update({ progress: 0.4 + 0.5 * done });
    });
    this.#checkAborted();
    return this.#update({
      ...DONE,
      verdict: verdictOf(this.#report.regions, this.#report.nearest),
    });
  }

  close(): void {
    this.#options.signal?.removeEventListener('abort', this.#handleAbort);
    for (const region of this.#regions) region.close();
    this.#picture?.stop();
    this.#picture = null;
  }

  #regionOf(grant: RegionGrant): Region {
    return new Region(grant, this.#picture?.track ?? null, this.#options.environment ?? {}, () => {
      this.#update({});
    });
  }

  /** What to test with, or why there is nothing. */
  async #ask(): Promise<readonly RegionGrant[] | Finding> {
    const { apiUrl, environment } = this.#options;
    const { fetch } = environment ?? {};
    try {
      const body = await new Api({ apiUrl, ...(fetch && { fetch }) }).call('POST', '/connection-tests', {});
      return grantsOf(body) ?? 'api_unreachable';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 429) return 'too_many_tests';
      const isOffline = typeof navigator !== 'undefined' && !navigator.onLine;
      return error.status === 0 && isOffline ? 'offline' : 'api_unreachable';
    }
  }

  #update(change: Partial<ConnectionReport>): ConnectionReport {
    this.#report = { ...this.#report, regions: this.#regions.map(({ report }) => report), ...change };
    if (this.#options.signal?.aborted !== true) this.#options.onReport?.(this.#report);
    return this.#report;
  }

  #checkAborted(): void {
    this.#options.signal?.throwIfAborted();
  }
}

const DONE = { stage: 'done', progress: 1 } as const;

function nearestOf(regions: readonly Region[]): Region | null {
  const reached = regions.filter(({ report }) => report.rttMs !== null);
  const [first] = reached.sort((a, b) => (a.report.rttMs ?? 0) - (b.report.rttMs ?? 0));
  return first ?? null;
}

/** Null for what is no answer of the contract. */
function grantsOf(body: unknown): readonly RegionGrant[] | null {
  const regions = typeof body === 'object' && body !== null ? (body as { regions?: unknown }).regions : null;
  return Array.isArray(regions) && regions.every(isGrant) ? regions : null;
}

function isGrant(value: unknown): value is RegionGrant {
  if (typeof value !== 'object' || value === null) return false;
  const { region, home, node, token } = value as Record<string, unknown>;
  const isNode = node === null || typeof (node as { url?: unknown } | undefined)?.url === 'string';
  const isToken = token === null || typeof token === 'string';
  return typeof region === 'string' && typeof home === 'boolean' && isNode && isToken;
}
