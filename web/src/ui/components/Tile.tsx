import { Hand, MicOff, SignalMedium, SignalZero } from 'lucide-react';
import { memo, type CSSProperties, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ParticipantSnapshot } from '../../meeting/index.ts';
import { Avatar } from './Avatar.tsx';
import { Video } from './Video.tsx';

interface TileProps {
  readonly participant: ParticipantSnapshot;
  readonly style?: CSSProperties;
  readonly className?: string;
}

/** One participant. Renders again only when something of this participant changed. */
export const Tile = memo(function Tile({ participant, style = {}, className = '' }: TileProps): ReactNode {
  const { t } = useTranslation();
  const { displayName, isSelf, isSpeaking, isHandRaised, audioLevel, tracks } = participant;
  const name = isSelf ? t('meeting.you', { name: displayName }) : displayName;
  const { camera, microphone } = tracks;
  const picture = camera !== undefined && !camera.muted ? camera.mediaStreamTrack : null;
  const isMuted = microphone?.muted ?? true;
  const speaks = isSpeaking && !isMuted;
  return (
    <article
      className={`tile ${speaks ? 'speaks' : ''} ${className}`}
      style={{ ...style, '--voice': speaks ? audioLevel : 0 } as CSSProperties}
      aria-label={[name, isMuted ? t('meeting.muted') : '', speaks ? t('meeting.speaking') : '']
        .filter(Boolean)
        .join(', ')}
    >
      {picture === null ? (
        <Avatar id={participant.id} name={displayName} />
      ) : (
        <Video track={picture} mirrored={isSelf} label={name} />
      )}
      {isHandRaised && (
        <span className="tile-hand" aria-label={t('meeting.handRaised')} role="img">
          <Hand aria-hidden />
        </span>
      )}
      <span className="tile-name">
        {isMuted ? <MicOff aria-hidden /> : <VoiceBars />}
        <span>{name}</span>
        <Quality quality={participant.connectionQuality} />
      </span>
    </article>
  );
});

/** Says nothing while all is well. */
function Quality({ quality }: { readonly quality: ParticipantSnapshot['connectionQuality'] }): ReactNode {
  const { t } = useTranslation();
  if (quality === 'good' || quality === 'unknown') return null;
  if (quality === 'lost') return <SignalZero role="img" aria-label={t('meeting.noSignal')} />;
  return <SignalMedium role="img" className="weak" aria-label={t('meeting.weakSignal')} />;
}

/** Three bars that move with the voice. */
function VoiceBars(): ReactNode {
  return (
    <span className="bars" aria-hidden>
      <i />
      <i />
      <i />
    </span>
  );
}
