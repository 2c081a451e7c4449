import { useEffect, useState, type CSSProperties, type ReactNode } from 'react';
import type { MeetingClient, ParticipantSnapshot } from '../../meeting/index.ts';
import { hueOf } from '../layout.ts';
import { ReactionPicture } from './ReactionPicture.tsx';

interface Floating {
  readonly id: number;
  readonly from: string;
  readonly reaction: string;
}

/** As long as its animation in banners.css. */
const SHOWN_MS = 3_500;

interface ReactionsProps {
  readonly meeting: MeetingClient;
  readonly participants: readonly ParticipantSnapshot[];
}

/** Reactions rise along the edge where the text begins, each with the name of its sender. */
export function Reactions({ meeting, participants }: ReactionsProps): ReactNode {
  const [floating, setFloating] = useState<readonly Floating[]>([]);
  useEffect(() => {
    let lastId = 0;
    return meeting.on('reaction', ({ from, reaction }) => {
      const id = (lastId += 1);
      setFloating((before) => [...before, { id, from, reaction }]);
      setTimeout(() => {
        setFloating((before) => before.filter((other) => other.id !== id));
      }, SHOWN_MS);
    });
  }, [meeting]);
  return (
    <div className="reactions" aria-live="polite">
      {floating.map(({ id, from, reaction }) => (
        <span
          key={id}
          className="floating-reaction"
          style={{ '--place': hueOf(from + String(id)) / 5 } as CSSProperties}
        >
          <b>
            <ReactionPicture reaction={reaction} />
          </b>
          <small>{participants.find((participant) => participant.id === from)?.displayName}</small>
        </span>
      ))}
    </div>
  );
}
