/** Gives what the node says to whom it is for. */
import type { NodeMessage } from '../protocol/index.ts';
import type { Adapting } from './adaptation/Adaptation.ts';
import type { Captions } from './Captions.ts';
import type { Chat } from './Chat.ts';
import type { Emitter } from './Emitter.ts';
import type { Hearing } from './Hearing.ts';
import type { Participants } from './Participants.ts';
import type { Publishing } from './Publishing.ts';
import { refusalOf, type Requests } from './Requests.ts';
import type { Sharing } from './Sharing.ts';
import { recordingOf } from './snapshot.ts';
import type { Subscriptions } from './Subscriptions.ts';
import type { MeetingEvents, MeetingSnapshot } from './types.ts';

export interface Receivers {
  readonly participants: Participants;
  readonly subscriptions: Subscriptions;
  readonly hearing: Hearing;
  readonly publishing: Publishing;
  readonly sharing: Sharing;
  readonly captions: Captions;
  readonly chat: Chat;
  readonly adapting: Adapting;
  readonly requests: Requests;
  readonly events: Emitter<MeetingEvents>;
  readonly onVerdict: (verdict: Extract<NodeMessage, { type: 'quality' }>['verdict']) => void;
  readonly update: (fields: Partial<MeetingSnapshot>) => void;
}

/** What concerns one part alone; answers and ends are the link's own business. */
export function deliver(message: NodeMessage, to: Receivers): void {
  switch (message.type) {
    case 'slots':
      to.subscriptions.handleSlots(message.slots);
      to.hearing.handleSlots(message.slots);
      break;
    case 'speakers':
      to.participants.handleSpeakers(message.speakers);
      break;
    case 'links':
      to.participants.handleLinks(message);
      break;
    case 'quality':
      to.requests.handleQuality();
      to.onVerdict(message.verdict);
      break;
    case 'reaction':
      to.events.emit('reaction', message);
      break;
    case 'recording':
      to.update(recordingOf(message));
      return;
    case 'caption':
      to.events.emit('caption', to.captions.handleLine(message));
      break;
    case 'unmuteAsked':
      to.events.emit('unmuteAsked', { by: message.by });
      return;
    case 'shareAsked':
      to.sharing.handleAsked(message.participant);
      break;
    case 'shareAnswered':
      to.sharing.handleAnswered(message.participant, message.allowed, message.by);
      break;
    case 'error': {
      to.chat.handleRefused(message.id, message.code);
      to.publishing.handleRefused(message.id);
      to.sharing.handleRefused(message.id);
      const request = to.requests.handleRefused(message);
      if (request !== 'done') to.events.emit('refused', refusalOf(message, request));
      break;
    }
    case 'codecs':
      to.adapting.handleCodecs(message);
      return;
    case 'layers':
      to.publishing.encode(message.track, message.wanted, message.bestScaleDownBy);
      return;
    default:
      break;
  }
  to.update({});
}
