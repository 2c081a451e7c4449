// @vitest-environment jsdom
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeMeeting, person } from '../demo/FakeMeeting.ts';
import { statisticsOf } from '../demo/networks.ts';
import { useDialogs } from '../dialogs.ts';
import { stubPage } from '../testing/page.ts';
import { en as english } from '../languages/network/en.ts';
import StatisticsDialog from './StatisticsDialog.tsx';

stubPage();

const maya = person('Maya', { isSelf: true });
const tomas = person('Tomás');
let meeting: FakeMeeting;

beforeEach(() => {
  useDialogs.setState({ open: 'statistics' });
  meeting = new FakeMeeting({ participants: [maya, tomas] });
  meeting.statisticsNow = statisticsOf(tomas.id);
});

describe('the statistics', () => {
  it('show what is sent and what is received, whose it is and what holds it back', async () => {
    render(<StatisticsDialog meeting={meeting} />);
    const sent = await screen.findByRole('row', { name: /Camera h/ });
    expect(sent.textContent).toContain('640 × 360, 24 per second');
    expect(sent.textContent).toContain(english.statistics.limits.cpu);
    const received = screen.getByRole('row', { name: /Tomás/ });
    expect(received.textContent).toContain('VP8');
    expect(received.textContent).toContain('412 kbit/s');
    expect(screen.getByText('UDP')).toBeTruthy();
  });

  it('name the meeting server where it gives somebody’s picture smaller', async () => {
    const camera = { id: 'trk_t', source: 'camera', kind: 'video', muted: false } as const;
    const limited = { ...camera, mediaStreamTrack: null, limitedBy: 'node' } as const;
    meeting = new FakeMeeting({ participants: [maya, { ...tomas, tracks: { camera: limited } }] });
    meeting.statisticsNow = statisticsOf(tomas.id);
    render(<StatisticsDialog meeting={meeting} />);
    const received = await screen.findByRole('row', { name: /Camera.*Tomás/ });
    expect(received.textContent).toContain(english.statistics.limits.node);
  });

  it('say so where there is no connection', () => {
    meeting.statisticsNow = null;
    render(<StatisticsDialog meeting={meeting} />);
    expect(screen.getByText(english.statistics.none)).toBeTruthy();
  });

  it('are copied without a name', async () => {
    const user = userEvent.setup();
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    render(<StatisticsDialog meeting={meeting} />);
    await screen.findByText('UDP');
    await user.click(screen.getByRole('button', { name: english.statistics.copy }));
    await screen.findByText(english.statistics.copied);
    const text = write.mock.calls[0]?.[0] ?? '';
    expect(JSON.parse(text)).toMatchObject({ format: 'parley-diagnostics/1', participant: maya.id });
    expect(text).not.toMatch(/Maya|Tomás/);
  });

  it('are shown to be copied by hand where the browser has no clipboard', async () => {
    const user = userEvent.setup();
    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('no'));
    render(<StatisticsDialog meeting={meeting} />);
    await user.click(screen.getByRole('button', { name: english.statistics.copy }));
    const text = await screen.findByRole('textbox', { name: english.statistics.text });
    expect((text as HTMLTextAreaElement).value).toContain('parley-diagnostics/1');
  });
});
