// @vitest-environment jsdom
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { MeetingError } from '../../meeting/index.ts';
import { FakeMeeting, person } from '../demo/FakeMeeting.ts';
import { useRenaming } from '../renaming.ts';
import { useSession } from '../session.ts';
import { stubPage } from '../testing/page.ts';
import PeoplePanel from './PeoplePanel.tsx';
import RenameDialog from './RenameDialog.tsx';

stubPage();

const ADA = person('Ada', { isSelf: true, role: 'host' });
const BOB = person('Bob');
const DOOR = {
  waiting: [],
  rules: null,
  change: () => Promise.resolve(),
  refresh: () => undefined,
};
const press = (name: string) => userEvent.click(screen.getByRole('button', { name }));
const field = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Name' });

beforeEach(() => {
  useRenaming.setState({ whom: null });
  useSession.setState({ displayName: 'Ada' });
});

const open = (id: string, role: 'host' | 'participant' = 'host') => {
  const meeting = new FakeMeeting({ participants: [{ ...ADA, role }, BOB] });
  render(<RenameDialog meeting={meeting} />);
  act(() => {
    useRenaming.getState().ask(id);
  });
  return meeting;
};
const write = async (name: string) => {
  await userEvent.clear(field());
  if (name !== '') await userEvent.type(field(), name);
  await userEvent.keyboard('{Enter}');
};

describe('the dialog of a name', () => {
  it('changes the own one, which the door knows next time', async () => {
    const meeting = open(ADA.id);
    expect(document.activeElement).toBe(field());
    expect(field().value).toBe('Ada');
    await write('  Ada Lovelace ');
    expect(meeting.calls).toEqual([['rename', ADA.id, 'Ada Lovelace']]);
    expect(useSession.getState().displayName).toBe('Ada Lovelace');
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('changes the one of somebody else, and not what the door knows of oneself', async () => {
    const meeting = open(BOB.id);
    expect(screen.getByRole('dialog', { name: 'Rename Bob' })).toBeDefined();
    await write('Robert');
    expect(meeting.calls).toEqual([['rename', BOB.id, 'Robert']]);
    expect(useSession.getState().displayName).toBe('Ada');
  });

  it('asks for a name, and for one that can be shown', async () => {
    const meeting = open(ADA.id);
    await write('');
    expect(screen.getByText('Please enter a name.')).toBeDefined();
    await userEvent.clear(field());
    await userEvent.paste('A\u0007');
    await userEvent.keyboard('{Enter}');
    expect(screen.getByText(/characters in this name/)).toBeDefined();
    expect(meeting.calls).toEqual([]);
    expect(field().maxLength).toBe(80);
  });

  it('says when it did not work, keeps what was written, and tries again', async () => {
    const meeting = open(BOB.id);
    meeting.onRename = () => Promise.reject(new MeetingError('forbidden', 'no'));
    await write('Robert');
    expect(screen.getByRole('alert').textContent).toBe('The name could not be changed. Try again.');
    expect(field().value).toBe('Robert');
    meeting.onRename = () => Promise.resolve();
    await press('Save');
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('asks nothing of the meeting for the same name, and goes with the person', async () => {
    const meeting = open(BOB.id);
    await press('Save');
    expect(meeting.calls).toEqual([]);
    act(() => {
      useRenaming.getState().ask(BOB.id);
    });
    expect(screen.getByRole('dialog')).toBeDefined();
    act(() => {
      meeting.change({ participants: [ADA] });
    });
    expect(screen.queryByRole('dialog')).toBeNull();
  });
});

describe('the list of people', () => {
  const show = (role: 'host' | 'participant') => {
    const meeting = new FakeMeeting({ participants: [{ ...ADA, role }, BOB] });
    return render(<PeoplePanel meeting={meeting} snapshot={meeting.getSnapshot()} door={DOOR} />);
  };

  it('leads everybody to the own name, and hosts to those of others', async () => {
    for (const role of ['participant', 'host'] as const) {
      const { unmount } = show(role);
      await press('Change your name');
      expect(useRenaming.getState().whom).toBe(ADA.id);
      await press('What to do with Bob');
      const item = screen.queryByRole('menuitem', { name: 'Rename' });
      expect(item !== null).toBe(role === 'host');
      if (item === null) await userEvent.keyboard('{Escape}');
      else await userEvent.click(item);
      expect(useRenaming.getState().whom).toBe(role === 'host' ? BOB.id : ADA.id);
      unmount();
    }
  });

  it('goes with who it is about, and does not come again with them', () => {
    const meeting = open(BOB.id);
    expect(screen.queryByRole('dialog')).not.toBeNull();
    act(() => {
      meeting.change({ participants: [ADA] });
    });
    act(() => {
      meeting.change({ participants: [ADA, BOB] });
    });
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(useRenaming.getState().whom).toBeNull();
  });
});
