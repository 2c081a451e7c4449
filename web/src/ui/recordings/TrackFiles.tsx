/** Whole tracks for whoever edits them: asked for, made, and listed by person with length and size. */
import { Download } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { RecordingDetails, TrackFile } from '../../meeting/index.ts';
import { save } from './save.ts';
import type { RecordingsClient } from './RecordingsPage.tsx';
import { useReasonWords } from './StateWords.tsx';
import { clockOf } from './vtt.ts';
import { WORDS } from './words.ts';

interface TrackFilesProps {
  readonly recording: RecordingDetails;
  readonly recordings: RecordingsClient;
  /** Something was asked for: the recording is to be read again. */
  readonly onAsked: () => void;
}

export function TrackFiles({ recording, recordings, onAsked }: TrackFilesProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const reasonWords = useReasonWords();
  const [isFailed, setFailed] = useState(false);
  // Links are entered in the access log: whoever merely opens the page has taken nothing.
  const [isWanted, setWanted] = useState(false);
  const made = recording.compositions?.findLast(({ kind }) => kind === 'tracks');
  const isMaking = made !== undefined && made.state !== 'done' && made.state !== 'failed';
  const isListed = made?.state === 'done' && isWanted;
  const percent = Math.round((made?.progress ?? 0) * 100);
  const want = (): void => {
    setFailed(false);
    setWanted(true);
    if (made?.state === 'done') return;
    recordings.joinTracks(recording.id).then(onAsked, () => {
      setFailed(true);
    });
  };
  return (
    <fieldset className="recordings-sharing">
      <legend>{t('tracks')}</legend>
      <p>{t('tracksHint')}</p>
      {isMaking && (
        <p className="recordings-state" role="status">
          <progress max={100} value={percent} aria-hidden /> <bdi>{t('tracksProgress', { percent })}</bdi>
        </p>
      )}
      {made?.state === 'failed' && <p role="alert">{reasonWords(made.reason ?? '', made.detail)}</p>}
      {isListed && <Files recording={recording} recordings={recordings} key={made.id} />}
      {!isListed && !isMaking && (
        <Button className="button" onPress={want}>
          <Download aria-hidden /> {t('downloadTracks')}
        </Button>
      )}
      {isFailed && <p role="alert">{t('changeFailed')}</p>}
    </fieldset>
  );
}

function Files(props: Pick<TrackFilesProps, 'recording' | 'recordings'>): ReactNode {
  const { t } = useTranslation(WORDS);
  const { recording, recordings } = props;
  const [files, setFiles] = useState<readonly TrackFile[] | 'failed' | null>(null);
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    let isWanted = true;
    recordings.trackFiles(recording.id).then(
      (found) => {
        if (isWanted) setFiles(found ?? []);
      },
      () => {
        if (isWanted) setFiles('failed');
      },
    );
    recordings.names(recording.meeting).then(
      (found) => {
        if (isWanted) setNames(found);
      },
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [recording.id, recording.meeting, recordings]);

  if (files === null) return <p role="status">{t('loading')}</p>;
  if (files === 'failed') return <p role="alert">{t('linkLost')}</p>;
  return (
    <ul aria-label={t('tracks')}>
      {files.map((file) => (
        <li key={`${file.track} ${file.startedAt}`}>
          <Row file={file} name={names.get(file.participant) ?? file.participant} {...props} />
        </li>
      ))}
    </ul>
  );
}

interface RowProps extends Pick<TrackFilesProps, 'recording' | 'recordings'> {
  readonly file: TrackFile;
  readonly name: string;
}

function Row({ file, name, recording, recordings }: RowProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const [isFailed, setFailed] = useState(false);
  const what = t(`sources.${file.source}`);
  const length = clockOf(file.durationSeconds);
  return (
    <>
      <span>
        <bdi>{name}</bdi> · <bdi>{what}</bdi> · <bdi>{length}</bdi> ·{' '}
        <bdi>{t('size', { megabytes: Math.max(0.1, Math.round(file.bytes / 1e5) / 10) })}</bdi>
      </span>
      <Button
        className="button quiet"
        aria-label={t('downloadTrack', { name, what, length })}
        onPress={() => {
          setFailed(false);
          // The link of the list may have ended.
          freshUrl(recordings, recording.id, file).then(
            (url) => {
              save(url, `${name}-${file.source}.mkv`);
            },
            () => {
              setFailed(true);
            },
          );
        }}
      >
        <Download aria-hidden />
      </Button>
      {isFailed && <span role="alert">{t('linkLost')}</span>}
    </>
  );
}

async function freshUrl(recordings: RecordingsClient, id: string, file: TrackFile): Promise<string> {
  const files = (await recordings.trackFiles(id)) ?? [];
  const found = files.find(({ track, startedAt }) => track === file.track && startedAt === file.startedAt);
  if (found === undefined) throw new Error('the file is gone');
  return found.url;
}
