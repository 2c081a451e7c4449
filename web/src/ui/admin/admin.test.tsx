// @vitest-environment jsdom
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { anAccount, list, refusal, type Answers } from '../frame/testing.ts';
import { aMeeting } from '../own/testing.ts';
import type { AdminPart } from '../route.ts';
import { stubPage } from '../testing/page.ts';
import { AdminPage } from './AdminPage.tsx';
import { barsOf, csvOf, dayBefore } from './usage.ts';
import { measureWords } from './UsagePart.tsx';

stubPage();

function show(part: AdminPart, answers: Answers, operator = true) {
  const { account, sent } = anAccount(answers, { operator });
  render(<AdminPage account={account} onGo={vi.fn()} part={part} />);
  const calls = (): readonly string[] => sent.map(({ call }) => call).filter((call) => !/users/.test(call));
  return { sent, calls };
}

const alertText = async (): Promise<string | null> => (await screen.findByRole('alert')).textContent;

describe('the administration', () => {
  it('asks nothing for who is no operator, and says so plainly', async () => {
    const { calls } = show('nodes', {}, false);
    expect(await alertText()).toContain('This is not open to you.');
    expect(calls()).toEqual([]);
    expect(screen.queryByRole('navigation', { name: 'Parts of the administration' })).toBeNull();
  });

  it('says why something cannot be shown', async () => {
    show('keys', {
      'GET /api-keys': () => {
        throw refusal(503);
      },
    });
    expect(await alertText()).toContain('Parley cannot answer right now');
  });
});

describe('live meetings', () => {
  const meeting = aMeeting({ state: 'live', participantCount: 12, egressBytes: 1_400_000_000 });

  it('of everybody are shown with people and bytes, and ended when asked twice', async () => {
    const { sent } = show('meetings', {
      'GET /meetings': (_, query) => (query.get('of') === 'tenant' ? list(meeting) : list()),
      [`POST /meetings/${meeting.id}/end`]: () => ({}),
    });
    expect(await screen.findByText('12 people')).toBeDefined();
    expect(screen.getByText('1.4 GB sent')).toBeDefined();
    await userEvent.click(screen.getByRole('button', { name: 'End meeting: Weekly' }));
    const dialog = within(await screen.findByRole('alertdialog'));
    expect(sent.some(({ call }) => call.startsWith('POST'))).toBe(false);
    await userEvent.click(dialog.getByRole('button', { name: 'End meeting' }));
    await vi.waitFor(() => {
      expect(screen.queryByRole('alertdialog')).toBeNull();
    });
    expect(sent.some(({ call }) => call === `POST /meetings/${meeting.id}/end`)).toBe(true);
  });
});

describe('nodes', () => {
  const node = {
    id: 'node_1',
    region: 'eu-west-1',
    zone: 'eu-west-1a',
    url: 'https://node',
    state: 'ready',
    capacityUnits: 200,
    usedUnits: 50,
    reservedUnits: 80,
    cpuBusy: 0.314,
    meetings: 3,
    drainUntil: null,
    lastReportAt: '2026-11-29T15:00:00Z',
  };

  it('show how full they are, and run empty until a deadline, with progress', async () => {
    let now: object = node;
    const { sent } = show('nodes', {
      'GET /nodes': () => list(now),
      'POST /nodes/node_1/drain': () => {
        now = { ...node, state: 'draining', meetings: 2, drainUntil: '2026-11-29T15:10:00Z' };
        return now;
      },
    });
    expect(await screen.findByText('80 of 200 units, 40 %')).toBeDefined();
    expect(screen.getByText('processors 31 % busy')).toBeDefined();
    await userEvent.click(screen.getByRole('button', { name: 'Drain: node_1' }));
    await userEvent.selectOptions(await screen.findByLabelText('Meetings may go on for'), '10 min');
    await userEvent.click(screen.getByRole('button', { name: 'Drain' }));
    expect(await screen.findByText(/2 meetings are still there/)).toBeDefined();
    expect(sent.find(({ call }) => call.startsWith('POST'))?.payload).toEqual({ deadlineSeconds: 600 });
    expect(screen.getByText(/they have to go/)).toBeDefined();
    const progress = screen.getByRole<HTMLProgressElement>('progressbar', {
      name: 'Meetings that have left',
    });
    expect([progress.value, progress.max]).toEqual([1, 3]);
  });

  it('say until when they drain, whoever asked for it', async () => {
    show('nodes', {
      'GET /nodes': () => list({ ...node, state: 'draining', drainUntil: '2026-11-29T15:10:00Z' }),
    });
    expect(await screen.findByText(/3 meetings are still there.*they have to go/)).toBeDefined();
    expect(screen.queryByRole('progressbar')).toBeNull();
  });

  it('take meetings again, or say why not', async () => {
    let isRefused = true;
    const { calls } = show('nodes', {
      'GET /nodes': () => list({ ...node, state: 'draining' }),
      'POST /nodes/node_1/undrain': () => {
        if (isRefused) throw refusal(404);
        return {};
      },
    });
    const undrain = await screen.findByRole('button', { name: 'Take meetings again: node_1' });
    await userEvent.click(undrain);
    expect(await alertText()).toBe('It is not there, or no longer.');
    isRefused = false;
    await userEvent.click(undrain);
    await vi.waitFor(() => {
      expect(screen.queryByRole('alert')).toBeNull();
    });
    expect(calls().filter((call) => call.startsWith('POST'))).toHaveLength(2);
  });

  it('that are lost are not drained', async () => {
    show('nodes', { 'GET /nodes': () => list({ ...node, state: 'lost' }) });
    const drain = await screen.findByRole<HTMLButtonElement>('button', { name: 'Drain: node_1' });
    expect(drain.disabled).toBe(true);
  });

  it('are asked for again only while somebody looks', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
    const { calls } = show('nodes', { 'GET /nodes': () => list(node) });
    await screen.findByText('Ready');
    await act(() => vi.advanceTimersByTimeAsync(3_100));
    const seen = calls().length;
    expect(seen).toBeGreaterThan(1);
    hidden.mockReturnValue(true);
    await act(() => vi.advanceTimersByTimeAsync(30_000));
    expect(calls().length).toBe(seen);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.waitFor(() => {
      expect(calls().length).toBe(seen + 1);
    });
    vi.useRealTimers();
  });
});

describe('recordings', () => {
  const recording = {
    id: 'rec_1',
    meeting: 'mtg_1',
    state: 'failed',
    reason: 'The spool was full',
    progress: 0,
    requestedAt: '2026-11-23T12:00:00Z',
    startedAt: null,
    durationSeconds: null,
    bytes: 310_000_000,
    storageClass: null,
    retainUntil: null,
    legalHold: false,
    access: { participants: false, users: [] },
  };

  it('of everybody say what failed and why, are held, and are not watched', async () => {
    const { sent } = show('recordings', {
      'GET /recordings': (_, query) =>
        query.get('of') === 'tenant' && query.get('state') !== 'ready' ? list(recording) : list(),
      'PATCH /recordings/rec_1': () => recording,
    });
    expect(await screen.findByText('The spool was full')).toBeDefined();
    await userEvent.click(screen.getByRole('button', { name: /^Hold:/ }));
    await vi.waitFor(() => {
      expect(sent.find(({ call }) => call.startsWith('PATCH'))?.payload).toEqual({ legalHold: true });
    });
    expect(sent.some(({ call }) => call.includes('/media'))).toBe(false);
    await userEvent.selectOptions(screen.getByLabelText('Show'), 'Ready');
    expect(await screen.findByText('There is no such recording.')).toBeDefined();
  });

  it('that are held are not deleted', async () => {
    show('recordings', { 'GET /recordings': () => list({ ...recording, legalHold: true }) });
    const remove = await screen.findByRole<HTMLButtonElement>('button', { name: /^Delete:/ });
    expect(remove.disabled).toBe(true);
    expect(screen.getByRole('button', { name: /^Release:/ })).toBeDefined();
  });
});

describe('webhooks', () => {
  const endpoint = {
    id: 'whe_1',
    url: 'https://example.com/hook',
    events: ['meeting.*'],
    description: 'billing',
    disabled: false,
    previousSecretExpiresAt: null,
  };
  const base = 'webhook-endpoints';

  it('are made, and their secret is shown once', async () => {
    const { sent } = show('webhooks', {
      [`GET /${base}`]: () => list(endpoint),
      [`POST /${base}`]: () => ({ ...endpoint, secret: 'whsec_once' }),
    });
    await userEvent.click(await screen.findByText('Send events to another address'));
    await userEvent.type(screen.getByLabelText('Address'), 'example.com');
    await userEvent.click(screen.getByRole('button', { name: 'Send events there' }));
    expect(screen.getByText('An address begins with https://.')).toBeDefined();
    await userEvent.clear(screen.getByLabelText('Address'));
    await userEvent.type(screen.getByLabelText('Address'), endpoint.url);
    await userEvent.clear(screen.getByLabelText('Events'));
    await userEvent.type(screen.getByLabelText('Events'), 'meeting.*, participant.joined');
    await userEvent.click(screen.getByRole('button', { name: 'Send events there' }));
    expect(await screen.findByText('whsec_once')).toBeDefined();
    expect(sent.find(({ call }) => call === `POST /${base}`)?.payload).toEqual({
      url: endpoint.url,
      events: ['meeting.*', 'participant.joined'],
      description: '',
    });
    await userEvent.click(screen.getByRole('button', { name: 'I have it' }));
    expect(screen.queryByText('whsec_once')).toBeNull();
  });

  it('are tested, rotated and switched off', async () => {
    const { sent } = show('webhooks', {
      [`GET /${base}`]: () => list(endpoint),
      [`POST /${base}/whe_1/test`]: () => ({ delivered: false, status: null, error: 'no answer' }),
      [`POST /${base}/whe_1/rotate-secret`]: () => ({ ...endpoint, secret: 'whsec_new' }),
      [`PATCH /${base}/whe_1`]: () => endpoint,
    });
    await userEvent.click(await screen.findByRole('button', { name: /^Test:/ }));
    expect(await screen.findByText('The test was not taken: no answer')).toBeDefined();
    await userEvent.click(screen.getByRole('button', { name: /^Switch off:/ }));
    await vi.waitFor(() => {
      expect(sent.find(({ call }) => call.startsWith('PATCH'))?.payload).toEqual({ disabled: true });
    });
    await userEvent.click(screen.getByRole('button', { name: /^New secret:/ }));
    await userEvent.click(
      within(await screen.findByRole('alertdialog')).getByRole('button', { name: 'New secret' }),
    );
    expect(await screen.findByText('whsec_new')).toBeDefined();
  });

  it('show what nobody took, and send it again', async () => {
    const delivery = {
      id: 'dlv_1',
      meeting: 'mtg_1',
      number: 4,
      type: 'meeting.ended',
      state: 'failed',
      attempts: 9,
      status: 500,
      error: null,
      attemptedAt: '2026-11-29T15:00:00Z',
      nextAttemptAt: null,
    };
    let now = delivery;
    show('webhooks', {
      [`GET /${base}`]: () => list(endpoint),
      [`GET /${base}/whe_1/deliveries`]: () => list(now),
      [`POST /${base}/whe_1/deliveries/dlv_1/retry`]: () => {
        now = { ...delivery, state: 'delivered', status: 200 };
        return now;
      },
    });
    await userEvent.click(await screen.findByText('Deliveries'));
    expect(await screen.findByText('Given up')).toBeDefined();
    await userEvent.click(screen.getByRole('button', { name: 'Send again: meeting.ended 4' }));
    expect(await screen.findByText('Delivered')).toBeDefined();
    expect(screen.queryByRole('button', { name: /^Send again/ })).toBeNull();
  });
});

describe('keys', () => {
  const key = {
    id: 'key_1',
    name: 'booking',
    scopes: ['meetings:read'],
    createdAt: '2026-11-01T10:00:00Z',
    lastUsedAt: null,
  };

  it('are made for something, shown once, and revoked when asked twice', async () => {
    const { sent, calls } = show('keys', {
      'GET /api-keys': () => list(key),
      'POST /api-keys': () => ({ ...key, secret: 'once' }),
      'DELETE /api-keys/key_1': () => null,
    });
    expect(await screen.findByText('never used')).toBeDefined();
    await userEvent.click(screen.getByText('Make a key'));
    await userEvent.type(screen.getByLabelText('Name'), 'booking');
    await userEvent.click(screen.getByRole('button', { name: 'Make the key' }));
    expect(screen.getByText(/choose at least one/)).toBeDefined();
    await userEvent.click(screen.getByLabelText('meetings:read'));
    await userEvent.click(screen.getByRole('button', { name: 'Make the key' }));
    expect(await screen.findByText('once')).toBeDefined();
    expect(sent.find(({ call }) => call === 'POST /api-keys')?.payload).toEqual({
      name: 'booking',
      scopes: ['meetings:read'],
    });
    await userEvent.click(screen.getByRole('button', { name: 'I have it' }));
    await userEvent.click(screen.getByRole('button', { name: 'Revoke: booking' }));
    expect(calls()).not.toContain('DELETE /api-keys/key_1');
    await userEvent.click(
      within(await screen.findByRole('alertdialog')).getByRole('button', { name: 'Revoke' }),
    );
    await vi.waitFor(() => {
      expect(calls()).toContain('DELETE /api-keys/key_1');
    });
  });

  it('tell of a secret that was lost on its way', async () => {
    show('keys', { 'GET /api-keys': () => list(), 'POST /api-keys': () => ({ ...key, secret: null }) });
    await userEvent.click(await screen.findByText('Make a key'));
    await userEvent.type(screen.getByLabelText('Name'), 'booking');
    await userEvent.click(screen.getByLabelText('webhooks'));
    await userEvent.click(screen.getByRole('button', { name: 'Make the key' }));
    expect(await screen.findByText(/an answer that was lost/)).toBeDefined();
  });
});

describe('usage', () => {
  const used = (meetings: number) => ({
    meetings,
    meetingMinutes: meetings * 30,
    participantMinutes: meetings * 90.5,
    egressBytes: meetings * 2e9,
  });
  const days = [
    { day: '2026-11-27', ...used(2) },
    { day: '2026-11-28', ...used(7) },
    { day: '2026-11-29', ...used(0) },
  ];

  it('is shown in numbers, in a chart that says itself, with limits', async () => {
    const limits = { liveMeetings: 10, participantsPerMeeting: null };
    const { sent } = show('usage', {
      'GET /usage': () => ({
        from: '2026-11-27',
        to: '2026-11-29',
        total: used(9),
        liveMeetings: 4,
        limits,
        days,
      }),
    });
    expect(await screen.findByText('4 of 10 meetings at once')).toBeDefined();
    const chart = screen.getByRole('img', { name: /Minutes of people by day/ });
    expect(chart.getAttribute('aria-label')).toContain('most on Nov 28, 2026: 634.');
    expect(chart.querySelectorAll('rect')).toHaveLength(3);
    await userEvent.selectOptions(screen.getByLabelText('Chart of'), 'Sent');
    expect(screen.getByRole('img', { name: /Sent by day.*14\.0 GB|Sent by day.*14 GB/ })).toBeDefined();
    expect(screen.getAllByRole('row')).toHaveLength(5);
    expect(sent.some(({ call }) => call === 'GET /usage')).toBe(true);
  });

  it('says half a minute, which is not nothing', () => {
    expect(measureWords('participantMinutes', 0.5, 'en')).toBe('0.5');
    expect(measureWords('participantMinutes', 633.5, 'en')).toBe('634');
  });

  it('becomes a file that programs read', () => {
    expect(csvOf(days.slice(0, 1))).toBe(
      'day,meetings,meetingMinutes,participantMinutes,egressBytes\r\n2026-11-27,2,60,181,4000000000\r\n',
    );
  });

  it.each([
    [[0, 0], 1],
    [[0.4], 1],
    [[7, 3], 10],
    [[11], 20],
    [[634], 1000],
    [[5000], 5000],
  ])('of %o reaches to %i', (values, top) => {
    const found = barsOf(
      values.map((meetings, day) => ({ day: String(day), ...used(meetings) })),
      'meetings',
    );
    expect(found.top).toBe(top);
    for (const { height } of found.bars) expect(height).toBeLessThanOrEqual(1);
  });

  it('looks back over the end of a year', () => {
    expect(dayBefore('2027-01-01', 29)).toBe('2026-12-03');
  });
});
