// @vitest-environment jsdom
import { act, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useSyncExternalStore, type ReactNode } from 'react';
import { describe, expect, it, vi } from 'vitest';
import type { ChatMessage, MeetingSnapshot } from '../../meeting/index.ts';
import { FakeMeeting, person } from '../demo/FakeMeeting.ts';
import { en } from '../en.ts';
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
