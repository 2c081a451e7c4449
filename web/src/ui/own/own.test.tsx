// @vitest-environment jsdom
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { anAccount, list, refusal, type Answers } from '../frame/testing.ts';
import type { Route } from '../route.ts';
import { useSettings } from '../settings.ts';
import { stubPage } from '../testing/page.ts';
import { MyMeetingsPage } from './MyMeetingsPage.tsx';
import { SettingsPage } from './SettingsPage.tsx';
import { aMeeting } from './testing.ts';

stubPage();

const COMING = aMeeting({ startsAt: '2036-01-01T10:00:00.000Z', endsAt: '2036-01-01T11:00:00.000Z' });
const LIVE = aMeeting({
  id: 'mtg_bbbbbbbbbbbbbbbbbbbbbbbbbb',
  title: 'Standup',
  state: 'live',
  participantCount: 3,
  liveSince: '2026-11-29T09:00:00.000Z',
});
const PAST = aMeeting({
  id: 'mtg_cccccccccccccccccccccccccc',
  title: null,
  state: 'ended',
  liveSince: '2026-11-28T09:00:00.000Z',
  endedAt: '2026-11-28T10:05:00.000Z',
  participantMinutes: 190.4,
});

const byState: Answers = {
  'GET /meetings': (_, query) =>
    list(...[COMING, LIVE, PAST].filter(({ state }) => state === query.get('state'))),
};

type Wanted = { readonly open?: string } & Parameters<typeof anAccount>[1];

function show(answers: Answers, { open, ...person }: Wanted = {}) {
  const { account, sent } = anAccount(answers, person);
  const onGo = vi.fn<(route: Route) => void>();
  const shown = render(<MyMeetingsPage account={account} onGo={onGo} open={open ?? null} />);
  return { ...shown, sent, onGo };
}

const section = (name: string) => screen.findByRole('region', { name });

describe('my meetings', () => {
  it('are told apart by what one does with them', async () => {
    const { onGo } = show(byState);
    const live = within(await section('Going on now'));
    expect(await live.findByText('3 people there')).toBeDefined();
    await userEvent.click(live.getByRole('link', { name: 'Join: Standup' }));
    expect(onGo).toHaveBeenCalledWith({ kind: 'meeting', code: 'abc-defg-hij' });

    const coming = within(await section('Coming up'));
    expect(await coming.findByRole('link', { name: 'Edit: Weekly' })).toBeDefined();
    const past = within(await section('Past'));
    expect(await past.findByText('1 hr 5 min')).toBeDefined();
    expect(past.getByText('3 hr 10 min of everybody’s time')).toBeDefined();
    expect(past.queryByRole('link')).toBeNull();
  });

  it('say what there is to do where there is none', async () => {
    show({ 'GET /meetings': () => list() });
    expect(await screen.findByText(/Nothing is planned/)).toBeDefined();
    expect(screen.getByText(/None of your meetings is going on/)).toBeDefined();
  });

  it('say what went wrong, and are asked for again', async () => {
    let isAway = true;
    show({
      'GET /meetings': (...asked) => {
        if (isAway) throw refusal(503);
        return byState['GET /meetings']?.(...asked);
      },
    });
    const live = within(await section('Going on now'));
    expect((await live.findByRole('alert')).textContent).toContain('Parley cannot answer right now');
    isAway = false;
    await userEvent.click(live.getByRole('button', { name: 'Try again' }));
    expect(await live.findByText('Standup')).toBeDefined();
  });

  it('turn pages', async () => {
    const more = aMeeting({ id: 'mtg_dddddddddddddddddddddddddd', title: 'Older' });
    show({
      'GET /meetings': (_, query) => {
        if (query.get('state') !== 'created') return list();
        return query.has('cursor') ? list(more) : { items: [COMING], nextCursor: 'more' };
      },
    });
    const coming = within(await section('Coming up'));
    await userEvent.click(await coming.findByRole('button', { name: 'Show more' }));
    expect(await coming.findByText('Older')).toBeDefined();
    expect(coming.queryByRole('button', { name: 'Show more' })).toBeNull();
  });

  it('name who was there, when somebody asks', async () => {
    const { sent } = show({
      ...byState,
      [`GET /meetings/${PAST.id}/participants`]: () =>
        list(
          { id: 'par_1', displayName: '<b>Grace</b>', state: 'left', attendedMinutes: 61 },
          { id: 'par_2', displayName: 'Mallory', state: 'denied', attendedMinutes: 0 },
        ),
    });
    await userEvent.click(await screen.findByText('Who was there'));
    expect(await screen.findByText('<b>Grace</b>')).toBeDefined();
    expect(screen.queryByText('Mallory')).toBeNull();
    expect(sent.filter(({ call }) => call.endsWith('/participants'))).toHaveLength(1);
  });

  it('ask once more before one is cancelled, and say why not', async () => {
    let answer: () => unknown = () => {
      throw refusal(409);
    };
    const { sent } = show({ ...byState, [`DELETE /meetings/${COMING.id}`]: () => answer() });
    await userEvent.click(await screen.findByRole('button', { name: 'Cancel: Weekly' }));
    const dialog = within(await screen.findByRole('alertdialog', { name: 'Cancel “Weekly”?' }));
    await userEvent.click(dialog.getByRole('button', { name: 'Cancel the meeting' }));
    expect((await dialog.findByRole('alert')).textContent).toContain('does not go with how things stand');
    answer = () => null;
    await userEvent.click(dialog.getByRole('button', { name: 'Cancel the meeting' }));
    expect(await screen.findByText('Weekly is gone.')).toBeDefined();
    expect(screen.queryByRole('alertdialog')).toBeNull();
    expect(sent.filter(({ call }) => call.startsWith('DELETE'))).toHaveLength(2);
  });

  it('put everything into the invitation that the invited need', async () => {
    const user = userEvent.setup();
    show({
      'GET /meetings': (_, query) =>
        list(...(query.get('state') === 'created' ? [{ ...COMING, hasPasscode: true }] : [])),
    });
    await user.click(await screen.findByRole('button', { name: 'Copy invitation: Weekly' }));
    const text = await navigator.clipboard.readText();
    expect(text).toContain('Weekly\n');
    expect(text).toContain(`Join: ${COMING.link}\nCode: ${COMING.code}`);
    expect(text).toContain('A passcode is needed');
    expect(await screen.findByText('Invitation copied')).toBeDefined();
  });

  it('begin one at once', async () => {
    const { onGo } = show({ ...byState, 'POST /meetings': () => aMeeting({ code: 'new-meet-ing' }) });
    await userEvent.click(await screen.findByRole('button', { name: 'Meet now' }));
    expect(onGo).toHaveBeenCalledWith({ kind: 'meeting', code: 'new-meet-ing' });
  });

  it('are nobody’s without signing in, and come back here afterwards', async () => {
    const onBegin = vi.fn();
    show({}, { isSignedIn: false, onBegin });
    await userEvent.click(await screen.findByRole('button', { name: 'Sign in' }));
    expect(onBegin).toHaveBeenCalledOnce();
    expect(sessionStorage.getItem('parley.signIn.return')).toBe('/');
    expect(screen.queryByRole('navigation')).toBeNull();
  });

  it('show the administration to operators alone', async () => {
    show(byState);
    await screen.findByRole('link', { name: 'Settings' });
    expect(screen.queryByRole('link', { name: 'Administration' })).toBeNull();
    show(byState, { operator: true });
    expect(await screen.findByRole('link', { name: 'Administration' })).toBeDefined();
  });
});

describe('scheduling', () => {
  it('makes a meeting of what was filled in', async () => {
    const { sent, onGo } = show({ ...byState, 'POST /meetings': () => COMING }, { open: 'new' });
    const dialog = within(await screen.findByRole('dialog', { name: 'Schedule a meeting' }));
    await userEvent.type(await dialog.findByLabelText('Title'), 'Tea');
    await userEvent.type(dialog.getByLabelText('Passcode'), 'abc');
    await userEvent.selectOptions(dialog.getByLabelText('Recording'), 'From the start');
    await userEvent.click(dialog.getByLabelText('Waiting room: a host lets people in'));
    await userEvent.click(dialog.getByRole('button', { name: 'Schedule' }));
    expect(dialog.getByText('A passcode has 4 to 64 characters.')).toBeDefined();
    expect(dialog.getByLabelText('Passcode').getAttribute('aria-invalid')).toBe('true');

    await userEvent.type(dialog.getByLabelText('Passcode'), 'd');
    await userEvent.click(dialog.getByRole('button', { name: 'Schedule' }));
    await vi.waitFor(() => {
      expect(onGo).toHaveBeenCalledWith({ kind: 'meetings' });
    });
    expect(sent.find(({ call }) => call === 'POST /meetings')?.payload).toMatchObject({
      title: 'Tea',
      passcode: 'abcd',
      recording: 'automatic',
      waitingRoom: true,
    });
    expect(screen.getByText('The meeting is scheduled.')).toBeDefined();
  });

  it('says what the API found wrong, in its words', async () => {
    const wrong = [{ pointer: '/maxParticipants', detail: 'This tenant’s meetings have 50 at most.' }];
    show(
      {
        ...byState,
        'POST /meetings': () => {
          throw refusal(422, wrong);
        },
      },
      { open: 'new' },
    );
    await userEvent.click(await screen.findByRole('button', { name: 'Schedule' }));
    expect((await screen.findByRole('alert')).textContent).toBe(wrong[0]?.detail);
  });

  const path = `/meetings/${COMING.id}`;

  it('changes only what was changed, and only what was read', async () => {
    const { sent } = show(
      { ...byState, [`GET ${path}`]: () => COMING, [`PATCH ${path}`]: () => COMING },
      { open: COMING.id },
    );
    await userEvent.click(await screen.findByLabelText('Guests may come in with the link'));
    await userEvent.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('The meeting is changed.')).toBeDefined();
    const patch = sent.find(({ call }) => call === `PATCH ${path}`);
    expect(patch?.payload).toEqual({ guests: false });
    expect(patch?.ifMatch).toMatch(/^"\d+"$/);
  });

  function contested(theirs: Partial<typeof COMING>) {
    let refused = 0;
    return show(
      {
        ...byState,
        [`GET ${path}`]: () => (refused === 0 ? COMING : { ...COMING, ...theirs }),
        [`PATCH ${path}`]: () => {
          refused += 1;
          if (refused === 1) throw refusal(412);
          return COMING;
        },
      },
      { open: COMING.id },
    );
  }

  const rename = async (): Promise<void> => {
    const title = await screen.findByLabelText('Title');
    await userEvent.clear(title);
    await userEvent.type(title, 'Mine');
    await userEvent.click(screen.getByRole('button', { name: 'Save' }));
  };

  it('goes on where what changed meanwhile is something else', async () => {
    const { sent } = contested({ participantCount: 4 });
    await rename();
    expect(await screen.findByText('The meeting is changed.')).toBeDefined();
    expect(sent.filter(({ call }) => call.startsWith('PATCH'))).toHaveLength(2);
  });

  it('shows a quarrel plainly, and lets the person decide', async () => {
    const { sent } = contested({ title: 'Theirs' });
    await rename();
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('Somebody else changed this meanwhile: Title.');
    expect(screen.getByLabelText<HTMLInputElement>('Title').value).toBe('Mine');
    await userEvent.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('The meeting is changed.')).toBeDefined();
    expect(sent.filter(({ call }) => call.startsWith('PATCH')).at(-1)?.payload).toEqual({ title: 'Mine' });
  });

  it('says that a meeting of a link is not there', async () => {
    show(byState, { open: 'mtg_eeeeeeeeeeeeeeeeeeeeeeeeee' });
    const dialog = within(await screen.findByRole('dialog'));
    expect((await dialog.findByRole('alert')).textContent).toContain('It is not there, or no longer.');
  });
});

describe('settings', () => {
  const showSettings = (answers: Answers) => {
    const { account, sent } = anAccount(answers);
    const onGo = vi.fn<(route: Route) => void>();
    render(<SettingsPage account={account} onGo={onGo} />);
    return { account, sent, onGo };
  };

  it('change the name for every device, and take it back', async () => {
    const me = { id: 'usr_1', operator: false, preferences: {} };
    const { sent } = showSettings({
      'PATCH /users/me': ({ payload }) => ({
        ...me,
        name: (payload as { readonly name: string | null }).name ?? 'Ada Lovelace',
      }),
    });
    const name = await screen.findByLabelText('Name');
    await userEvent.clear(name);
    await userEvent.type(name, '  Ada B. ');
    await userEvent.click(screen.getByRole('button', { name: 'Save the name' }));
    expect(await screen.findByText('Saved.')).toBeDefined();
    await userEvent.clear(name);
    await userEvent.click(screen.getByRole('button', { name: 'Save the name' }));
    await vi.waitFor(() => {
      expect((name as HTMLInputElement).value).toBe('Ada Lovelace');
    });
    const names = sent.filter(({ call }) => call.startsWith('PATCH')).map(({ payload }) => payload);
    expect(names).toEqual([{ name: 'Ada B.' }, { name: null }]);
  });

  it('keep what was chosen on this device', async () => {
    showSettings({});
    await userEvent.click(await screen.findByRole('radio', { name: 'Dark' }));
    await userEvent.click(screen.getByRole('switch', { name: 'New messages' }));
    expect(useSettings.getState()).toMatchObject({ theme: 'dark', announces: { chat: false } });
    await userEvent.selectOptions(screen.getByLabelText(/Sound of the microphone/), 'quiet');
    expect(JSON.parse(localStorage.getItem('parley.devices') ?? '{}')).toMatchObject({
      microphoneMode: 'quiet',
    });
    await userEvent.click(screen.getByRole('button', { name: 'Keyboard shortcuts' }));
    expect(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' })).toBeDefined();
  });

  it('sign out and leave', async () => {
    const { account, onGo } = showSettings({});
    const end = vi.spyOn(account.signIn, 'end');
    await userEvent.click(await screen.findByRole('button', { name: 'Sign out' }));
    expect(end).toHaveBeenCalledOnce();
    expect(onGo).toHaveBeenCalledWith({ kind: 'start' });
  });
});
