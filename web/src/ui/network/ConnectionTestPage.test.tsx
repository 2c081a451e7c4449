// @vitest-environment jsdom
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { ConnectionReport, RegionReport } from '../../meeting/index.ts';
import { stubPage } from '../testing/page.ts';
import { ConnectionTestPage } from './ConnectionTestPage.tsx';
import { en as english } from '../languages/network/en.ts';
import type { RunTest } from './useConnectionTest.ts';

stubPage();

const HERE: RegionReport = {
  region: 'eu-central-1',
  isHome: true,
  socket: 'works',
  rttMs: 18.4,
  udp: 'blocked',
  tcp: 'works',
  link: {
    over: 'tcp',
    rttMs: 22,
    up: { bps: 742_000, isAtLeast: false, loss: 0.021, jitterMs: 3 },
    down: { bps: 3_000_000, isAtLeast: true, loss: 0, jitterMs: 5 },
  },
  isAway: false,
};
const DONE: ConnectionReport = {
  stage: 'done',
  regions: [HERE, { ...HERE, region: 'us-east-1', isHome: false, isAway: true, link: null }],
  nearest: 'eu-central-1',
  progress: 1,
  verdict: { grade: 'fair', findings: ['udp_blocked', 'upload_slow'] },
};

/** Says what it is given, then waits for its end. */
function running(report: ConnectionReport): RunTest {
  return ({ onReport, signal }) =>
    new Promise((_, reject) => {
      onReport?.(report);
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
}

function done(report: ConnectionReport): RunTest {
  return ({ onReport }) => {
    onReport?.(report);
    return Promise.resolve(report);
  };
}

describe('the connection test', () => {
  it('says in plain words what is wrong and what to do, then every figure', () => {
    render(<ConnectionTestPage apiUrl="/v1" onHome={vi.fn()} run={done(DONE)} />);
    expect(screen.getByRole('heading', { name: english.test.grade.fair })).toBeTruthy();
    expect(screen.getByText(english.test.finding.udp_blocked)).toBeTruthy();
    expect(screen.getByText(english.test.finding.upload_slow)).toBeTruthy();
    expect(screen.getByText('742 kbit/s')).toBeTruthy();
    expect(screen.getByText('at least 3 Mbit/s')).toBeTruthy();
    expect(screen.getByText('2.1 %')).toBeTruthy();
    const cells = screen.getAllByRole('row')[1]?.textContent;
    expect(cells).toContain('eu-central-1');
    expect(cells).toContain('blocked');
    expect(screen.getByText(english.test.away)).toBeTruthy();
  });

  it('shows how far it is, can be stopped, and begins again', async () => {
    const run = vi.fn(running({ ...DONE, stage: 'measuring', progress: 0.6, verdict: null }));
    render(<ConnectionTestPage apiUrl="/v1" onHome={vi.fn()} run={run} />);
    const bar = screen.getByRole('progressbar', { name: english.test.progress });
    expect(bar.getAttribute('aria-valuenow')).toBe('60');
    await userEvent.click(screen.getByRole('button', { name: english.test.stop }));
    expect(run.mock.calls[0]?.[0].signal?.aborted).toBe(true);
    expect(screen.getByText(english.test.stopped)).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: english.test.again }));
    await waitFor(() => {
      expect(run).toHaveBeenCalledTimes(2);
    });
    expect(screen.getByRole('progressbar', { name: english.test.progress })).toBeTruthy();
  });

  it('ends with its page', () => {
    const run = vi.fn(running({ ...DONE, stage: 'reaching', verdict: null }));
    const { unmount } = render(<ConnectionTestPage apiUrl="/v1" onHome={vi.fn()} run={run} />);
    unmount();
    expect(run.mock.calls[0]?.[0].signal?.aborted).toBe(true);
  });

  it('leads back to the door that one came from', async () => {
    const [onHome, onBack] = [vi.fn(), vi.fn()];
    render(<ConnectionTestPage apiUrl="/v1" onHome={onHome} onBack={onBack} run={done(DONE)} />);
    await userEvent.click(screen.getByRole('button', { name: english.test.back }));
    expect([onHome.mock.calls.length, onBack.mock.calls.length]).toEqual([0, 1]);
  });
});
