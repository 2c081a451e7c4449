/** The list of people: who is found by a search, and whose hand is up in which order. Pure. */
import type { ParticipantSnapshot } from '../meeting/index.ts';

/** By any part of the name, whatever accents and case. */
export function search(
  people: readonly ParticipantSnapshot[],
  words: string,
): readonly ParticipantSnapshot[] {
  const wanted = plain(words.trim());
  return wanted === '' ? people : people.filter(({ displayName }) => plain(displayName).includes(wanted));
}

/** First raised, first in the queue; hands without a number come last, in order of joining. */
export function handQueue(people: readonly ParticipantSnapshot[]): readonly ParticipantSnapshot[] {
  const raised = people.filter(({ isHandRaised }) => isHandRaised);
  return raised.sort((a, b) => (a.handNumber ?? Infinity) - (b.handNumber ?? Infinity) || 0);
}

/** Who reads what is written: people other than oneself, not recorders and relays. */
export function whoReads(people: readonly ParticipantSnapshot[]): readonly ParticipantSnapshot[] {
  return people.filter(({ isSelf, role }) => !isSelf && role !== 'recorder' && role !== 'relay');
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}
