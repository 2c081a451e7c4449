/** Turns what happens in the meeting into notes: who comes and goes, raises a hand, writes, and what was refused. */
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { MeetingClient } from '../meeting/index.ts';
import { showToast } from './components/toasts.ts';
import { useSession } from './session.ts';
import { useSnapshot } from './useSnapshot.ts';

/** Of a message: enough to know whether to open the chat. */
const PREVIEW_LETTERS = 80;

export function useNotes(meeting: MeetingClient): void {
  const { t } = useTranslation();
  useEffect(() => {
    const nameOf = (id: string): string =>
      meeting.getSnapshot().participants.find((participant) => participant.id === id)?.displayName ?? '';
    const ends = [
      meeting.on('participantJoined', ({ displayName }) => {
        showToast(t('meeting.joined', { name: displayName }), 'joins');
      }),
      meeting.on('participantLeft', ({ displayName }) => {
        showToast(t('meeting.left', { name: displayName }), 'joins');
      }),
      meeting.on('mutedByOther', ({ by }) => {
        showToast(t('meeting.mutedByOther', { name: nameOf(by) }));
      }),
      meeting.on('refused', () => {
        showToast(t('meeting.refused'));
      }),
      meeting.on('message', ({ from, displayName, text }) => {
        const isOpen = useSession.getState().panel === 'chat';
        if (isOpen || from === meeting.getSnapshot().self?.id) return;
        showToast(t('chat.note', { name: displayName, text: shorten(text) }), 'chat');
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [meeting, t]);
  useHandNotes(meeting);
}

function useHandNotes(meeting: MeetingClient): void {
  const { t } = useTranslation();
  const { participants } = useSnapshot(meeting);
  const before = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    const raised = participants.filter(({ isHandRaised }) => isHandRaised);
    for (const { id, displayName, isSelf } of raised) {
      const isNew = before.current !== null && !before.current.has(id);
      if (isNew && !isSelf) showToast(t('meeting.raisedHand', { name: displayName }), 'hands');
    }
    before.current = new Set(raised.map(({ id }) => id));
  }, [participants, t]);
}

function shorten(text: string): string {
  const letters = Array.from(text);
  return letters.length <= PREVIEW_LETTERS ? text : `${letters.slice(0, PREVIEW_LETTERS).join('')}…`;
}
