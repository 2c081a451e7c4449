// @vitest-environment jsdom
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { FakeMedia } from './demo/FakeMedia.ts';
import { FakeMeeting, person } from './demo/FakeMeeting.ts';
import { MeetingPage } from './pages/MeetingPage.tsx';
import { aTrack, stubPage } from './testing/page.ts';

stubPage();

const OWN = ['Mute', 'Turn camera off', 'Share screen', 'Microphone and speaker', 'Choose a camera'];

function enter(role: 'participant' | 'viewer') {
  const meeting = new FakeMeeting({ participants: [person('Ada', { isSelf: true, role }), person('Bob')] });
  const media = new FakeMedia({
    microphone: { kind: 'live', track: aTrack('audio'), deviceId: 'mic1' },
    camera: { kind: 'live', track: aTrack('video'), deviceId: 'cam1' },
  });
  render(<MeetingPage code="abc-defg-hij" meeting={meeting} media={media} />);
  return { meeting, media };
}

const controls = () =>
  screen.getAllByRole('button').map((button) => button.getAttribute('aria-label') ?? button.textContent);
const become = (meeting: FakeMeeting, role: 'participant' | 'viewer'): void => {
  act(() => {
    meeting.changeParticipant('par_ada', { role });
  });
};

describe('a viewer', () => {
  it('has the controls of what a viewer may do, and no device is open', async () => {
    const { media } = enter('viewer');
    expect(controls().filter((name) => OWN.includes(name) || name === 'Unmute')).toEqual([]);
    for (const name of ['Raise hand', 'React', 'Chat', 'People', 'Leave']) expect(controls()).toContain(name);
    expect(media.calls).toEqual(['stopMicrophone', 'stopCamera']);
    expect(screen.getByText(/You look on in this meeting/)).toBeDefined();
    await userEvent.keyboard('{Control>}d{/Control}{Control>}e{/Control}');
    expect(media.calls).toEqual(['stopMicrophone', 'stopCamera']);
  });

  it('is what one becomes at once: devices are let go and nothing is sent any more', () => {
    const { meeting, media } = enter('participant');
    expect(controls()).toEqual(expect.arrayContaining(OWN));
    expect(media.calls).toEqual([]);
    become(meeting, 'viewer');
    expect(controls().filter((name) => OWN.includes(name))).toEqual([]);
    expect(media.calls).toEqual(['stopMicrophone', 'stopCamera']);
    for (const call of [['stopShare'], ['setMicrophone', null], ['setCamera', null]]) {
      expect(meeting.calls).toContainEqual(call);
    }
  });

  it('has all controls once it is one no longer, and opens what is wanted then', async () => {
    const { meeting, media } = enter('viewer');
    act(() => {
      media.change({ microphone: { kind: 'off' } });
    });
    become(meeting, 'participant');
    expect(screen.getByText(/You may be heard and seen now/)).toBeDefined();
    expect(media.calls).not.toContain('startMicrophone');
    await userEvent.click(screen.getByRole('button', { name: 'Unmute' }));
    expect(media.calls).toContain('startMicrophone');
  });
});
