import '../styles/network.css';
/** Every stream of the connection in figures, and what may be handed to somebody who helps. */
import { Check, ClipboardCopy } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import {
  diagnosticsOf,
  readSurroundings,
  type MeetingClient,
  type MeetingStatistics,
  type ParticipantSnapshot,
  type StreamStatistics,
} from '../../meeting/index.ts';
import { MeetingDialog } from '../components/MeetingDialog.tsx';
import { useSnapshot } from '../useSnapshot.ts';
import { useFigures } from './useFigures.ts';
import { useStatistics } from './useStatistics.ts';
import { WORDS } from './words.ts';

export default function StatisticsDialog({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation(WORDS);
  const { participants } = useSnapshot(meeting);
  const statistics = useStatistics(meeting);
  return (
    <MeetingDialog title={t('statistics.title')}>
      <CopyDiagnostics meeting={meeting} statistics={statistics} />
      {statistics === null ? (
        <p>{t('statistics.none')}</p>
      ) : (
        <>
          <Transport statistics={statistics} />
          {(['sending', 'receiving'] as const).map((direction) => (
            <Streams
              key={direction}
              direction={direction}
              streams={inOrder(statistics.streams.filter((stream) => stream.direction === direction))}
              participants={participants}
            />
          ))}
        </>
      )}
    </MeetingDialog>
  );
}

const SOURCES = ['microphone', 'camera', 'screen', 'screen_audio'];

/** Each source's streams together, the largest first: browsers list them as it happens. */
function inOrder(streams: readonly StreamStatistics[]): readonly StreamStatistics[] {
  const rank = ({ source }: StreamStatistics): number => SOURCES.indexOf(source ?? '');
  return streams.toSorted((a, b) => rank(a) - rank(b) || b.height - a.height || a.key.localeCompare(b.key));
}

interface CopyProps {
  readonly meeting: MeetingClient;
  readonly statistics: MeetingStatistics | null;
}

/** Where the browser has no clipboard for the page, the text is shown to be copied by hand. */
function CopyDiagnostics({ meeting, statistics }: CopyProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const [copied, setCopied] = useState<'no' | 'yes' | { readonly text: string }>('no');
  const copy = async (): Promise<void> => {
    const made = diagnosticsOf(meeting.getSnapshot(), statistics, readSurroundings(), new Date());
    const text = JSON.stringify(made, null, 2);
    try {
      await navigator.clipboard.writeText(text);
      setCopied('yes');
    } catch {
      setCopied({ text });
    }
  };
  return (
    <div className="diagnostics">
      <p className="lead">{t('statistics.copyHint')}</p>
      <Button className="button" onPress={() => void copy()}>
        {copied === 'yes' ? <Check aria-hidden /> : <ClipboardCopy aria-hidden />} {t('statistics.copy')}
      </Button>
      <p role="status">
        {copied === 'yes' && t('statistics.copied')}
        {typeof copied === 'object' && t('statistics.copyFailed')}
      </p>
      {typeof copied === 'object' && (
        <textarea aria-label={t('statistics.text')} readOnly rows={6} value={copied.text} dir="ltr" />
      )}
    </div>
  );
}

function Transport({ statistics }: { readonly statistics: MeetingStatistics }): ReactNode {
  const { t } = useTranslation(WORDS);
  const figures = useFigures();
  const { protocol, localType, remoteType, networkType, rttMs, availableOutgoingBps } = statistics.transport;
  const unknown = t('unit.unknown');
  const rows = [
    [t('statistics.over'), protocol?.toUpperCase() ?? unknown],
    [t('statistics.candidates'), `${localType ?? unknown} → ${remoteType ?? unknown}`],
    [t('statistics.network'), networkType ?? unknown],
    [t('statistics.rtt'), figures.milliseconds(rttMs)],
    [t('statistics.available'), figures.rate(availableOutgoingBps)],
  ];
  return (
    <section aria-labelledby="statistics-transport">
      <h3 id="statistics-transport">{t('statistics.transport')}</h3>
      <dl className="network-figures">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <bdi dir="ltr">{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

interface StreamsProps {
  readonly direction: 'sending' | 'receiving';
  readonly streams: readonly StreamStatistics[];
  readonly participants: readonly ParticipantSnapshot[];
}

const COLUMNS = ['source', 'codec', 'size', 'rate', 'loss', 'jitter', 'coding', 'limit'] as const;

/** What holds a stream back: the browser knows it of what it sends, the node of what it gives. */
function limitOf(
  { limitation, source }: StreamStatistics,
  whose: ParticipantSnapshot | undefined,
): NonNullable<StreamStatistics['limitation']> | 'node' | null {
  return limitation ?? (source === null ? null : (whose?.tracks[source]?.limitedBy ?? null));
}

function Streams({ direction, streams, participants }: StreamsProps): ReactNode {
  const { t } = useTranslation(WORDS);
  if (streams.length === 0) return null;
  const title = `statistics-${direction}`;
  return (
    <section aria-labelledby={title}>
      <h3 id={title}>{t(`statistics.${direction}`)}</h3>
      <div className="network-table" role="group" aria-labelledby={title} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th key={column} scope="col">
                  {t(`statistics.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {streams.map((stream) => (
              <Stream key={stream.key} stream={stream} participants={participants} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface StreamProps {
  readonly stream: StreamStatistics;
  readonly participants: readonly ParticipantSnapshot[];
}

function Stream({ stream, participants }: StreamProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const figures = useFigures();
  const { source, participant, rid, scalabilityMode, width, height, fps } = stream;
  const unknown = t('unit.unknown');
  const layers = rid ?? scalabilityMode;
  const whose = participants.find(({ id }) => id === participant);
  const limit = limitOf(stream, whose);
  const what = source === null ? t('statistics.slot') : t(`statistics.sources.${source}`);
  return (
    <tr>
      <th scope="row" dir="auto">
        {what}
        {layers !== null && ` ${layers}`}
        {whose !== undefined && <span className="whose">{whose.displayName}</span>}
      </th>
      <Cell>
        {stream.isPowerEfficient === true
          ? t('statistics.hardware', { codec: stream.codec ?? unknown })
          : (stream.codec ?? unknown)}
      </Cell>
      <Cell>{height > 0 ? t('statistics.sizeOf', { width, height, fps }) : unknown}</Cell>
      <Cell>{figures.rate(stream.bps)}</Cell>
      <Cell>{figures.percent(stream.loss)}</Cell>
      <Cell>{figures.milliseconds(stream.jitterMs)}</Cell>
      <Cell>{figures.milliseconds(stream.codingMsPerFrame)}</Cell>
      <Cell>{limit === null ? unknown : t(`statistics.limits.${limit}`)}</Cell>
    </tr>
  );
}

/** A figure keeps its own order: "640 × 360" is the same size where words run from right to left. */
function Cell({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <td>
      <bdi>{children}</bdi>
    </td>
  );
}
