// @vitest-environment jsdom
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useSyncExternalStore, type ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChatMessage, MeetingSnapshot } from '../../meeting/index.ts';
import { FakeMeeting, person } from '../demo/FakeMeeting.ts';
import { en } from '../en.ts';
import { useSettings } from '../settings.ts';
import { findingsIn } from '../testing/axe.ts';
import { stubPage } from '../testing/page.ts';
import ChatPanel from './ChatPanel.tsx';

stubPage();

const ADA = person('Ada', { isSelf: true });
const BOB = person('Bob');

function Shown({ meeting }: { readonly meeting: FakeMeeting }): ReactNode {
  const snapshot = useSyncExternalStore(meeting.subscribe, meeting.getSnapshot);
  return <ChatPanel meeting={meeting} snapshot={snapshot} />;
}

function open(rest: Partial<MeetingSnapshot> = {}): FakeMeeting {
  const meeting = new FakeMeeting({ participants: [ADA, BOB], ...rest });
  render(<Shown meeting={meeting} />);
  return meeting;
}

const message = (id: string, change: Partial<ChatMessage> = {}): ChatMessage => ({
  id,
  from: BOB.id,
  displayName: 'Bob',
  text: id,
  at: '2026-01-01T10:00:00Z',
  ...change,
});

const box = () => screen.getByRole('textbox', { name: en.chat.label });
const sent = (meeting: FakeMeeting) => meeting.calls.filter(([name]) => name === 'sendMessage');

describe('what one reads in the chat', () => {
  const HEIGHT = 2000;
  const END = HEIGHT - 720;

  /** A list that is longer than the window, with somebody in it. */
  function openLong(): { meeting: FakeMeeting; list: HTMLElement; say: (one: ChatMessage) => void } {
    vi.spyOn(Element.prototype, 'scrollHeight', 'get').mockReturnValue(HEIGHT);
    const meeting = open({ messages: [message('Hello')] });
    const list = screen.getByRole('list');
    // As browsers do: nothing is further down than the end.
    let top = list.scrollTop;
    Object.defineProperty(list, 'scrollTop', {
      get: () => Math.min(top, END),
      set: (to: number) => (top = to),
    });
    const say = (one: ChatMessage): void => {
      act(() => {
        meeting.change({ messages: [...meeting.getSnapshot().messages, one] });
      });
    };
    return { meeting, list, say };
  }

  function scrollTo(list: HTMLElement, top: number): void {
    list.scrollTop = top;
    fireEvent.scroll(list);
  }

  const news = () => screen.queryByRole('button', { name: en.chat.news });

  it('follows the end', () => {
    const { list, say } = openLong();
    scrollTo(list, END);
    say(message('Next'));
    expect(list.scrollTop).toBe(END);
    expect(news()).toBeNull();
  });

  it('stays where one scrolled to, and a button leads to what is new', async () => {
    const { list, say } = openLong();
    scrollTo(list, 300);
    expect(news()).toBeNull();
    say(message('Next'));
    expect(list.scrollTop).toBe(300);
    await userEvent.click(screen.getByRole('button', { name: en.chat.news }));
    expect(list.scrollTop).toBe(END);
    expect(news()).toBeNull();
  });

  it('is no news once one has scrolled there', () => {
    const { list, say } = openLong();
    scrollTo(list, 300);
    say(message('Next'));
    scrollTo(list, END);
    expect(news()).toBeNull();
    say(message('And next'));
    expect(list.scrollTop).toBe(END);
  });

  it('goes to the end with what one writes', async () => {
    const { list, say } = openLong();
    scrollTo(list, 300);
    await userEvent.type(box(), 'Mine{Enter}');
    say(message('Mine', { from: ADA.id }));
    expect(list.scrollTop).toBe(END);
    expect(news()).toBeNull();
  });
});

describe('what a screen reader says of the open chat', () => {
  const spoken = () =>
    Array.from(document.querySelectorAll('[aria-live="polite"] p'), ({ textContent }) => textContent);
  const pass = (ms: number): void => {
    act(() => {
      vi.advanceTimersByTime(ms);
    });
  };
  function say(meeting: FakeMeeting, ...lines: readonly ChatMessage[]): void {
    act(() => {
      meeting.change({ messages: [...meeting.getSnapshot().messages, ...lines] });
    });
  }
  const flood = Array.from({ length: 10 }, (_, index) => message(`Line ${String(index)}`));

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is what others write, each line by itself while few come', () => {
    const meeting = open({ messages: [message('Before')], self: ADA });
    say(meeting, message('Hello'));
    say(meeting, message('Mine', { from: ADA.id }), message('Psst', { to: ADA.id }));
    expect(spoken()).toEqual(['Bob: Hello', 'Bob, to you only: Psst']);
  });

  it('is how many there are where many come at once', () => {
    const meeting = open();
    for (const line of flood) say(meeting, line);
    expect(spoken()).toEqual(['Bob: Line 0', 'Bob: Line 1', 'Bob: Line 2']);
    pass(5_000);
    expect(spoken().at(-1)).toBe('7 new messages');
    expect(screen.getByText('Line 9').closest('[aria-live]')).toBeNull();
  });

  it('is nothing where somebody wants that', () => {
    useSettings.setState({ announces: { joins: true, hands: true, chat: false } });
    const meeting = open();
    say(meeting, message('Hello'));
    expect(document.querySelector('[aria-live]')).toBeNull();
    useSettings.setState({ announces: { joins: true, hands: true, chat: true } });
  });

  it('is that something was not sent, which has a mark of its own', async () => {
    vi.useRealTimers();
    open({
      outgoing: [
        { key: '1', text: 'Gone', state: 'notSent', reason: null },
        { key: '2', text: 'Going', state: 'sending', reason: null },
      ],
    });
    const [gone, going] = screen.getAllByRole('listitem');
    expect(within(gone as HTMLElement).getByRole('status').textContent).toContain(en.chat.notSent);
    expect(gone?.querySelector('svg')).not.toBeNull();
    expect(going?.querySelector('svg')).toBeNull();
    expect(going?.textContent).toContain(en.chat.sending);
    expect(await findingsIn(document.body)).toEqual([]);
  });
});

describe('a message to one person', () => {
  const CLEO = person('Cleo');
  const HIDDEN = [person('Recorder', { role: 'recorder' }), person('Link', { role: 'relay' })];

  it('is marked for whoever has it', () => {
    const toAda = message('For you', { to: ADA.id });
    const toBob = message('For him', { from: ADA.id, displayName: 'Ada', to: BOB.id });
    const toGone = message('For nobody', { from: ADA.id, displayName: 'Ada', to: 'par_gone' });
    open({ messages: [message('For all'), toAda, toBob, toGone] });
    const lines = screen.getAllByRole('listitem').map((line) => line.textContent);
    expect(lines[0]).not.toContain(en.chat.toYou);
    expect(lines[1]).toContain(en.chat.toYou);
    expect(lines[1]).toContain('Bob');
    expect(lines[2]).toContain('to Bob only');
    expect(lines[3]).toContain(en.chat.toOne);
  });

  it('is marked while it is on its way, and when it was not sent', async () => {
    open({
      outgoing: [
        { key: '1', text: 'For all', state: 'notSent', reason: null },
        { key: '2', text: 'For him', to: BOB.id, state: 'notSent', reason: null },
        { key: '3', text: 'For him', to: BOB.id, state: 'sending', reason: null },
        { key: '4', text: 'For nobody', to: 'par_gone', state: 'sending', reason: null },
      ],
    });
    const lines = screen.getAllByRole('listitem');
    const marks = lines.map((line) => line.querySelector('.line-to')?.textContent.trim());
    expect(marks).toEqual([undefined, 'to Bob only', 'to Bob only', en.chat.toOne]);
    expect(lines.map((line) => line.classList.contains('private'))).toEqual([false, true, true, true]);
    expect(await findingsIn(document.body)).toEqual([]);
  });

  it('goes to whom one chose among the others, until one chooses everyone', async () => {
    const meeting = open({ participants: [ADA, BOB, CLEO, ...HIDDEN] });
    const to = screen.getByRole('combobox', { name: en.chat.to });
    expect(
      within(to)
        .getAllByRole('option')
        .map((option) => option.textContent),
    ).toEqual([en.chat.everyone, 'Bob', 'Cleo']);
    await userEvent.selectOptions(to, 'Cleo');
    await userEvent.type(box(), 'Psst{Enter}Again{Enter}');
    await userEvent.selectOptions(to, en.chat.everyone);
    await userEvent.type(box(), 'All{Enter}');
    expect(sent(meeting)).toEqual([
      ['sendMessage', 'Psst', CLEO.id],
      ['sendMessage', 'Again', CLEO.id],
      ['sendMessage', 'All'],
    ]);
  });

  it('goes to nobody else when that person has left, or the panel was closed meanwhile', async () => {
    const meeting = new FakeMeeting({ participants: [ADA, BOB, CLEO] });
    const { unmount } = render(<Shown meeting={meeting} />);
    await userEvent.selectOptions(screen.getByRole('combobox', { name: en.chat.to }), 'Cleo');
    await userEvent.type(box(), 'Psst');
    unmount();
    render(<Shown meeting={meeting} />);
    act(() => {
      meeting.change({ participants: [ADA, BOB] });
    });
    await userEvent.type(box(), '{Enter}');
    expect(sent(meeting)).toEqual([]);
    expect(screen.getByText('Cleo is not here any more.')).toBeDefined();
    act(() => {
      meeting.change({ participants: [ADA, BOB, CLEO] });
    });
    await userEvent.type(box(), '{Enter}');
    expect(sent(meeting)).toEqual([['sendMessage', 'Psst', CLEO.id]]);
  });

  it('offers no choice where nobody else is there', () => {
    open({ participants: [ADA, ...HIDDEN] });
    expect(screen.queryByRole('combobox')).toBeNull();
  });
});

describe('what one writes', () => {
  it('keeps its lines, and goes by Enter alone', async () => {
    const meeting = open();
    await userEvent.click(box());
    await userEvent.paste('one\ntwo');
    await userEvent.keyboard('{Shift>}{Enter}{/Shift}three');
    expect(sent(meeting)).toEqual([]);
    await userEvent.keyboard('{Enter}');
    expect(sent(meeting)).toEqual([['sendMessage', 'one\ntwo\nthree']]);
    expect((box() as HTMLTextAreaElement).value).toBe('');
  });

  it.each([{ isComposing: true }, { keyCode: 229 }])(
    'does not go by the Enter that ends a word of an input method (%o)',
    async (composing) => {
      const meeting = open();
      await userEvent.type(box(), 'こんにちは');
      fireEvent.keyDown(box(), { key: 'Enter', ...composing });
      expect(sent(meeting)).toEqual([]);
    },
  );

  it('is shown in its lines, as text', () => {
    open({ messages: [message('one\n<b>two</b>')] });
    const line = screen.getByText(
      (_, element) => element?.tagName === 'P' && element.textContent === 'one\n<b>two</b>',
    );
    expect(line.querySelector('b')).toBeNull();
  });
});
