/** Turns what happens in the meeting into notes: who comes and goes, raises a hand, writes, and what was refused. */
import type { TFunction } from 'i18next';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatMessage, MeetingClient, ParticipantSnapshot } from '../meeting/index.ts';
import { NoteOfMany } from './components/NoteOfMany.ts';
import { showToast } from './components/toasts.ts';
import { LIVE } from './live/words.ts';
import { PacedLines } from './PacedLines.ts';
import { wordsOfRefusal } from './refusals.ts';
import { useSession } from './session.ts';
import { useNewHands } from './useNewHands.ts';
import { useSnapshot } from './useSnapshot.ts';

/** Of a message: enough to know whether to open the chat. */
const PREVIEW_LETTERS = 80;

const STOPPED = {
  microphone: ['meeting.mutedByOther', 'stopped.microphone'],
  camera: ['meeting.cameraStoppedByOther', 'stopped.camera'],
  screen: ['meeting.shareStoppedByOther', 'stopped.screen'],
  screen_audio: ['meeting.mutedByOther', 'stopped.microphone'],
} as const;

export function useNotes(meeting: MeetingClient): void {
  const { t } = useTranslation();
  const { t: live } = useTranslation(LIVE);
  useEffect(() => {
    const personOf = (id: string) => meeting.getSnapshot().participants.find((one) => one.id === id);
    const joined = new NoteOfMany('joins', (names) => sayMany(t, 'joined', names));
    const left = new NoteOfMany('joins', (names) => sayMany(t, 'left', names));
    const ends = [
      meeting.on('participantJoined', ({ displayName }) => {
        joined.add(displayName);
      }),
      meeting.on('participantLeft', ({ displayName }) => {
        left.add(displayName);
      }),
      () => {
        joined.close();
        left.close();
      },
      meeting.on('mutedByOther', ({ source, by }) => {
        const name = by === null ? undefined : personOf(by)?.displayName;
        const [byName, unnamed] = STOPPED[source];
        showToast(name === undefined ? live(unnamed) : t(byName, { name }));
      }),
      meeting.on('refused', (refusal) => {
        const words = wordsOfRefusal(refusal, (id) => personOf(id)?.role);
        if (words !== null) showToast(live(`denied.${words}`));
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [meeting, t, live]);
  useChatNotes(meeting);
  useHandNotes(meeting);
  useRoleNotes(meeting);
}

/** What others write while the chat is closed. */
function useChatNotes(meeting: MeetingClient): void {
  const { t } = useTranslation();
  useEffect(() => {
    const isOpen = (): boolean => useSession.getState().panel === 'chat';
    const lines = new PacedLines<ChatMessage>((told) => {
      if (isOpen()) return;
      if (told.kind === 'many') {
        showToast(t('chat.many', { count: told.count }), 'chat');
        return;
      }
      const { displayName, text, to } = told.line;
      const words = to === undefined ? 'chat.note' : 'chat.privateNote';
      showToast(t(words, { name: displayName, text: shorten(text) }), 'chat');
    });
    const end = meeting.on('message', (message) => {
      if (!isOpen() && message.from !== meeting.getSnapshot().self?.id) lines.add([message]);
    });
    return () => {
      end();
      lines.close();
    };
  }, [meeting, t]);
}

/** What one becomes by a host's word. */
function useRoleNotes(meeting: MeetingClient): void {
  const { t } = useTranslation();
  const role = useSnapshot(meeting).self?.role;
  const before = useRef(role);
  useEffect(() => {
    const was = before.current;
    before.current = role;
    if (was === undefined || role === undefined || was === role) return;
    if (role === 'host') showToast(t('people.nowHost'));
    else if (role === 'cohost') showToast(t('people.nowCohost'));
  }, [role, t]);
}

function useHandNotes(meeting: MeetingClient): void {
  const { t } = useTranslation();
  const { participants } = useSnapshot(meeting);
  const note = useMemo(() => new NoteOfMany('hands', (names) => sayMany(t, 'raisedHand', names)), [t]);
  useEffect(
    () => () => {
      note.close();
    },
    [note],
  );
  const add = useCallback(
    ({ displayName }: ParticipantSnapshot) => {
      note.add(displayName);
    },
    [note],
  );
  useNewHands(participants, add);
}

/** Two by name, the others by number. */
function sayMany(t: TFunction, what: 'joined' | 'left' | 'raisedHand', names: readonly string[]): string {
  const [first = '', second = ''] = names;
  if (names.length < 2) return t(`meeting.${what}`, { name: first });
  if (names.length === 2) return t(`meeting.${what}Two`, { first, second });
  return t(`meeting.${what}Many`, { first, second, count: names.length - 2 });
}

function shorten(text: string): string {
  const letters = Array.from(text);
  return letters.length <= PREVIEW_LETTERS ? text : `${letters.slice(0, PREVIEW_LETTERS).join('')}…`;
}
