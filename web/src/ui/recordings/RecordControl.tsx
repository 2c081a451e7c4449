/** A host's way to record the meeting: start, pause, go on, stop. */
import { Disc, Pause, Play, Square } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import {
  ApiError,
  fetchMeeting,
  Recordings,
  resumeTokenOf,
  type FilmLayout,
  type MeetingDetails,
  type MeetingSnapshot,
  type RecordingDetails,
} from '../../meeting/index.ts';
import { showToast } from '../components/toasts.ts';
import { en } from '../languages/recordings/en.ts';
import { WORDS } from './words.ts';

export type RecordClient = Pick<Recordings, 'start' | 'direct' | 'arrange' | 'recording'>;

type Standing = MeetingSnapshot['recording'];

interface RecordControlProps {
  readonly code: string;
  /** How the recording does, as the node says it: with each change the API is asked what goes on. */
  readonly standing: Standing;
  readonly look?: (code: string) => Promise<MeetingDetails>;
  readonly recordings?: RecordClient;
}

const API_URL = '/v1';

export function RecordControl(props: RecordControlProps): ReactNode {
  const { t } = useTranslation(WORDS);
  const failureWords = useFailureWords();
  const { code, standing } = props;
  const look = props.look ?? lookUp;
  const [recordings] = useState(() => props.recordings ?? recordingsOfHost(code));
  const [active, setActive] = useActive(code, standing, look);
  const [isPaused, wishPaused] = usePaused(standing);

  const attempt = (work: Promise<RecordingDetails>, done: (recording: RecordingDetails) => void): void => {
    work.then(done, (error: unknown) => {
      showToast(failureWords(error));
    });
  };
  if (active === null || active.state === 'stopping') {
    return (
      <Button
        className="button"
        aria-label={t('record')}
        isDisabled={active !== null}
        onPress={() => {
          attempt(recordings.start(code), setActive);
        }}
      >
        <Disc aria-hidden /> <span className="wide-only">{t('record')}</span>
      </Button>
    );
  }
  return (
    <>
      <LayoutChoice id={active.id} recordings={recordings} />
      <Button
        className="button record-act"
        aria-label={t(isPaused ? 'resumeRecording' : 'pauseRecording')}
        onPress={() => {
          attempt(recordings.direct(active.id, isPaused ? 'resume' : 'pause'), () => {
            wishPaused(!isPaused);
          });
        }}
      >
        {isPaused ? <Play aria-hidden /> : <Pause aria-hidden />}
      </Button>
      <Button
        className="button record-act"
        aria-label={t('stop')}
        onPress={() => {
          attempt(recordings.direct(active.id, 'stop'), () => {
            setActive(null);
          });
        }}
      >
        <Square aria-hidden /> <span className="wide-only">{t('stop')}</span>
      </Button>
    </>
  );
}

type Active = { readonly id: string; readonly state: string } | null;

/** Whether the recording pauses: as the node says it, and until it says anything else as one has just wished. */
function usePaused(standing: Standing): [boolean, (isPaused: boolean) => void] {
  const [wish, setWish] = useState<{ readonly isPaused: boolean; readonly before: Standing } | null>(null);
  if (wish !== null && wish.before !== standing) setWish(null);
  return [
    wish?.before === standing ? wish.isPaused : standing === 'paused',
    (isPaused) => {
      setWish({ isPaused, before: standing });
    },
  ];
}

/** What is recorded now, as the API says it, and what was just done to it. */
function useActive(
  code: string,
  standing: Standing,
  look: (code: string) => Promise<MeetingDetails>,
): [Active, (active: Active) => void] {
  const [active, setActive] = useState<Active>(null);
  useEffect(() => {
    let isCurrent = true;
    look(code).then(
      (details) => {
        if (isCurrent) setActive(details.activeRecording ?? null);
      },
      () => {
        // Without an answer the control stays as it is: the node's own word is shown beside it.
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [look, code, standing]);
  return [active, setActive];
}

const LAYOUTS = ['speaker', 'grid', 'share'] as const;

/** How the film goes on from now on; what was chosen, it shows once that is so. */
function LayoutChoice({
  id,
  recordings,
}: {
  readonly id: string;
  readonly recordings: RecordClient;
}): ReactNode {
  const { t } = useTranslation(WORDS);
  const failureWords = useFailureWords();
  const [layout, setLayout] = useState<FilmLayout>('speaker');

  const take = (work: Promise<RecordingDetails>, onFailure: (error: unknown) => void): void => {
    work.then((recording) => {
      setLayout(recording.layout ?? 'speaker');
    }, onFailure);
  };
  useEffect(() => {
    let isCurrent = true;
    recordings.recording(id).then(
      (recording) => {
        if (isCurrent) setLayout(recording.layout ?? 'speaker');
      },
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [id, recordings]);

  return (
    <label className="record-layout">
      <span className="visually-hidden">{t('layout')}</span>
      <select
        value={layout}
        title={t('layout')}
        onChange={(event) => {
          take(recordings.arrange(id, event.target.value as FilmLayout), (error) => {
            showToast(failureWords(error));
          });
        }}
      >
        {LAYOUTS.map((one) => (
          <option key={one} value={one}>
            {t(`layouts.${one}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

function lookUp(code: string): Promise<MeetingDetails> {
  return fetchMeeting(API_URL, code);
}

function recordingsOfHost(code: string): Recordings {
  return new Recordings({ apiUrl: API_URL, accessToken: () => Promise.resolve(resumeTokenOf(code)) });
}

/** Why the API did not do what was asked, in the page's language. */
function useFailureWords(): (error: unknown) => string {
  const { t } = useTranslation(WORDS);
  return (error) => {
    const code = error instanceof ApiError && isToldOf(error.code) ? error.code : 'unexpected';
    return t('recordFailed', { reason: t(`refused.${code}`) });
  };
}

function isToldOf(code: string): code is keyof typeof en.refused {
  return Object.hasOwn(en.refused, code);
}
