// @vitest-environment jsdom
/** The pages around meetings as what reads them aloud finds them. */
import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { anAccount, list, type Answers } from '../frame/testing.ts';
import { MyMeetingsPage } from '../own/MyMeetingsPage.tsx';
import { SettingsPage } from '../own/SettingsPage.tsx';
import { aMeeting } from '../own/testing.ts';
import { ADMIN_PARTS } from '../route.ts';
import { findingsIn } from '../testing/axe.ts';
import { stubPage } from '../testing/page.ts';
import { AdminPage } from './AdminPage.tsx';

stubPage();

const ignore = (): void => undefined;
const used = { meetings: 2, meetingMinutes: 60, participantMinutes: 120, egressBytes: 1e9 };
const recording = {
  ...{ id: 'rec_1', meeting: 'mtg_1', state: 'ready', reason: null, progress: 1 },
  ...{ requestedAt: '2026-11-23T12:00:00Z', startedAt: null, durationSeconds: 60, bytes: 1e6 },
  ...{ storageClass: 'standard', retainUntil: '2027-11-23T12:00:00Z', legalHold: true },
  access: { participants: false, users: [] },
};
const everything: Answers = {
  'GET /meetings': (_, query) => {
    const state = query.get('state');
    return list(aMeeting({ id: `mtg_${String(state)}`, state: state as 'live', hasPasscode: true }));
  },
  'GET /nodes': () =>
    list(
      ...(['ready', 'draining', 'lost'] as const).map((state) => ({
        ...{ id: `node_${state}`, region: 'local', zone: null, url: '', state, capacityUnits: 100 },
        ...{
          usedUnits: 95,
          reservedUnits: 5,
          cpuBusy: 0.5,
          meetings: 1,
          drainUntil: state === 'draining' ? '2026-11-29T15:10:00Z' : null,
          lastReportAt: '2026-11-29T15:00:00Z',
        },
      })),
    ),
  'GET /recordings': () => list(recording, { ...recording, id: 'rec_2', state: 'failed', legalHold: false }),
  'GET /webhook-endpoints': () =>
    list({
      ...{ id: 'whe_1', url: 'https://example.com', events: ['*'], description: '', disabled: false },
      previousSecretExpiresAt: '2026-11-30T15:00:00Z',
    }),
  'GET /api-keys': () =>
    list({
      id: 'key_1',
      name: 'booking',
      scopes: ['webhooks'],
      createdAt: '2026-11-01T10:00:00Z',
      lastUsedAt: null,
    }),
  'GET /usage': () => ({
    ...{ from: '2026-11-28', to: '2026-11-29', total: used, liveMeetings: null },
    limits: { liveMeetings: null, participantsPerMeeting: 50 },
    days: [
      { day: '2026-11-28', ...used },
      { day: '2026-11-29', ...used },
    ],
  }),
};

describe('what reads a page aloud finds nothing wrong', () => {
  const { account } = anAccount(everything, { operator: true });

  it.each(ADMIN_PARTS)('in the part %s of the administration', async (part) => {
    const { container } = render(<AdminPage account={account} onGo={ignore} part={part} />);
    await screen.findByRole('navigation', { name: 'Parts of the administration' });
    await (part === 'usage' ? screen.findByRole('table') : screen.findAllByRole('listitem'));
    expect(await findingsIn(container)).toEqual([]);
  });

  it.each([null, 'new'])('in my meetings, with %s open', async (open) => {
    const { baseElement } = render(<MyMeetingsPage account={account} onGo={ignore} open={open} />);
    if (open === null) await screen.findAllByRole('listitem');
    else await screen.findByLabelText('Title');
    expect(await findingsIn(baseElement)).toEqual([]);
  });

  it('in the settings', async () => {
    const { container } = render(<SettingsPage account={account} onGo={ignore} />);
    await screen.findByLabelText('Name');
    expect(await findingsIn(container)).toEqual([]);
  });

  it('at the door of a page', async () => {
    const guest = anAccount({}, { isSignedIn: false });
    const { container } = render(<MyMeetingsPage account={guest.account} onGo={ignore} open={null} />);
    await screen.findByRole('button', { name: 'Sign in' });
    expect(await findingsIn(container)).toEqual([]);
  });
});
