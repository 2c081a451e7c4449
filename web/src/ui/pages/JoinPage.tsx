import { Lock } from 'lucide-react';
import { memo, useDeferredValue, useEffect, useState, type ReactNode } from 'react';
import { Button, FieldError, Form, Input, Label, TextField } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import {
  MeetingError,
  fetchMeeting,
  type LocalMediaClient,
  type MeetingClient,
  type MeetingDetails,
} from '../../meeting/index.ts';
import { DevicePickers } from '../components/DevicePickers.tsx';
import { Preview } from '../components/Preview.tsx';
import { Wordmark } from '../components/Wordmark.tsx';
import { TestLink } from '../network/TestLink.tsx';
import { fetchOrTake } from '../early.ts';
import { NoticeBefore } from '../recordings/RecordingNotice.tsx';
import type { Route } from '../route.ts';
import { nameAt, useSession } from '../session.ts';
import { useSelected } from '../useSnapshot.ts';
import { useTitle } from '../useTitle.ts';
import { whenIdle } from '../whenIdle.ts';
import { NoticePage } from './NoticePage.tsx';

interface JoinPageProps {
  readonly code: string;
  readonly apiUrl: string;
  readonly meeting: MeetingClient;
  readonly media: LocalMediaClient;
  readonly onHome: () => void;
  readonly onGo: (route: Route) => void;
  /** What whoever signed in is called; left out where nobody can. */
  readonly accountName?: () => Promise<string | null>;
}

type Lookup =
  | { readonly kind: 'looking' }
  | { readonly kind: 'found'; readonly details: MeetingDetails }
  | { readonly kind: 'failed'; readonly code: MeetingError['code'] };

export function JoinPage(props: JoinPageProps): ReactNode {
  const { t } = useTranslation();
  const [tries, setTries] = useState(0);
  const lookup = useLookup(props.apiUrl, props.code, tries);

  if (lookup.kind === 'looking') {
    return (
      <main className="centered">
        <span className="spinner" aria-hidden />
        <p role="status">{t('join.loading')}</p>
      </main>
    );
  }
  if (lookup.kind === 'failed') {
    return (
      <NoticePage
        code={lookup.code}
        onRetry={() => {
          setTries(tries + 1);
        }}
        onHome={props.onHome}
      />
    );
  }
  return <Door {...props} details={lookup.details} />;
}

function useLookup(apiUrl: string, code: string, tries: number): Lookup {
  const [lookup, setLookup] = useState<Lookup>({ kind: 'looking' });
  useEffect(() => {
    let isCurrent = true;
    const show = (next: Lookup): void => {
      if (isCurrent) setLookup(next);
    };
    fetchMeeting(apiUrl, code, { fetch: fetchOrTake }).then(
      (details) => {
        show(
          details.state === 'ended' ? { kind: 'failed', code: 'meeting_ended' } : { kind: 'found', details },
        );
      },
      (error: unknown) => {
        show({ kind: 'failed', code: error instanceof MeetingError ? error.code : 'server_error' });
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [apiUrl, code, tries]);
  return lookup;
}

function Door({
  code,
  meeting,
  media,
  details,
  onGo,
  accountName,
}: JoinPageProps & { readonly details: MeetingDetails }): ReactNode {
  const { t } = useTranslation();
  const state = useSelected(meeting, (snapshot) => snapshot.state);
  const cameraWanted = useSession((session) => session.cameraWanted);
  const name = useSession(nameAt(code));
  const entry = useEntry({ code, meeting, media, details }, state.kind === 'joining');
  useTitle(details.title ?? details.code);
  useAccountName(accountName);
  // The form first: one types while the rest is drawn, bit by bit, and the camera takes longer than that.
  const hasPreview = useDeferredValue(true, false);

  useEffect(() => {
    void media.startMicrophone();
    if (cameraWanted) void media.startCamera();
    // The connection last: nobody has typed a name before the page is drawn.
    return whenIdle(() => void meeting.prepare());
    // Only on arrival: later changes come from the controls.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [meeting, media]);

  return (
    <main className="door">
      <div className="door-head">
        <Wordmark />
      </div>
      {hasPreview ? <Preview media={media} name={name} /> : <EmptyPreview />}
      <section className="door-form">
        <p className="eyebrow">{details.code}</p>
        <h1>{details.title ?? t('join.untitled')}</h1>
        {state.kind === 'waiting' ? <Waiting meeting={meeting} /> : <p className="lead">{t('join.alone')}</p>}
        <Promises details={details} />
        {state.kind !== 'waiting' && <EntryForm code={code} entry={entry} />}
        <TestLink from={details.code} onGo={onGo} />
      </section>
      <DevicePickers media={media} />
    </main>
  );
}

/** Who signed in is asked for no name. It is not remembered as typed: somebody else may sign in here next time. */
function useAccountName(accountName: JoinPageProps['accountName']): void {
  useEffect(() => {
    if (accountName === undefined || useSession.getState().displayName !== '') return;
    accountName().then(
      (name) => {
        // They may have begun to type meanwhile.
        if (name !== null && useSession.getState().displayName === '')
          useSession.setState({ displayName: name });
      },
      // Without an answer the name is asked for.
      () => undefined,
    );
  }, [accountName]);
}

/** As large as what comes in its place, so that nothing moves. */
function EmptyPreview(): ReactNode {
  return (
    <div className="preview" aria-hidden>
      <div className="preview-picture" />
    </div>
  );
}

/** What somebody says at the door, and how the meeting took it. */
interface Entry {
  readonly isJoining: boolean;
  /** They wanted in without a name. */
  readonly isNameless: boolean;
  /** Null where none is asked for. */
  readonly passcode: string | null;
  readonly refusal: PasscodeRefusal;
  readonly changePasscode: (passcode: string) => void;
  readonly join: () => void;
}

function useEntry(
  {
    code,
    meeting,
    media,
    details,
  }: Pick<JoinPageProps, 'code' | 'meeting' | 'media'> & { readonly details: MeetingDetails },
  isJoining: boolean,
): Entry {
  const { microphoneMuted } = useSession();
  const displayName = useSession(nameAt(code)).trim();
  const [isMissing, setMissing] = useState(false);
  const [passcode, setPasscode] = useState('');
  const [refusal, setRefusal] = useState<PasscodeRefusal>(null);

  const join = (): void => {
    setMissing(displayName === '');
    if (displayName === '' || isJoining) return;
    if (details.hasPasscode === true && passcode === '') {
      setRefusal('passcode_required');
      return;
    }
    // As they are now: a page that followed them would be drawn anew with each of their steps.
    const { microphone, camera } = media.getSnapshot();
    meeting
      .join({
        meeting: code,
        displayName,
        microphoneMuted,
        ...(passcode === '' ? {} : { passcode }),
        ...(microphone.kind === 'live' ? { microphone: microphone.track } : {}),
        ...(camera.kind === 'live' ? { camera: camera.track } : {}),
      })
      // Any other failure is the meeting's state, which has a page of its own.
      .catch((error: unknown) => {
        setRefusal(refusalOf(error));
      });
  };

  return {
    isJoining,
    isNameless: isMissing && displayName === '',
    passcode: details.hasPasscode === true || refusal !== null ? passcode : null,
    refusal,
    changePasscode: (next) => {
      setPasscode(next);
      setRefusal((before) => (before === null ? null : 'passcode_asked'));
    },
    join,
  };
}

function EntryForm({ code, entry }: { readonly code: string; readonly entry: Entry }): ReactNode {
  const { t } = useTranslation();
  const { setDisplayName, setGivenName, givenNames } = useSession();
  const displayName = useSession(nameAt(code));
  const { isJoining, isNameless, passcode, refusal, changePasscode, join } = entry;
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        join();
      }}
    >
      <TextField
        className="field"
        value={displayName}
        onChange={(typed) => {
          // What a host made of it is changed for this meeting alone.
          if (givenNames[code] === undefined) setDisplayName(typed);
          else setGivenName(code, typed);
        }}
        isInvalid={isNameless}
        autoFocus
        maxLength={80}
      >
        <Label>{t('join.nameLabel')}</Label>
        <Input placeholder={t('join.namePlaceholder')} autoComplete="name" />
        <FieldError>{t('join.nameMissing')}</FieldError>
      </TextField>
      {passcode !== null && (
        <TextField
          className="field"
          type="password"
          value={passcode}
          onChange={changePasscode}
          isInvalid={refusal === 'passcode_required' || refusal === 'passcode_wrong'}
          maxLength={64}
        >
          <Label>{t('door.passcode')}</Label>
          <Input autoComplete="off" />
          <FieldError>
            {t(refusal === 'passcode_wrong' ? 'door.passcodeWrong' : 'door.passcodeMissing')}
          </FieldError>
        </TextField>
      )}
      <Button type="submit" className="button primary big" isPending={isJoining}>
        {isJoining && <span className="spinner small" aria-hidden />}
        {t(isJoining ? 'join.joining' : 'join.go')}
      </Button>
    </Form>
  );
}

/** `passcode_asked`: the field stays after another try was typed. */
type PasscodeRefusal = null | 'passcode_required' | 'passcode_wrong' | 'passcode_asked';

function refusalOf(error: unknown): PasscodeRefusal {
  if (!(error instanceof MeetingError)) return null;
  return error.code === 'passcode_required' || error.code === 'passcode_wrong' ? error.code : null;
}

function Waiting({ meeting }: { readonly meeting: MeetingClient }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="door-waiting" role="status">
      <p className="door-promise">
        <span className="spinner small" aria-hidden /> <strong>{t('door.waitingTitle')}</strong>
      </p>
      <p>{t('door.waiting')}</p>
      <Button className="button quiet" onPress={() => void meeting.leave()}>
        {t('door.giveUp')}
      </Button>
    </div>
  );
}

/** What one should know before one is heard. */
const Promises = memo(function Promises({ details }: { readonly details: MeetingDetails }): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <NoticeBefore details={details} />
      {details.encryption === 'endToEnd' && (
        <p className="door-promise">
          <Lock aria-hidden /> {t('door.encrypted')}
        </p>
      )}
    </>
  );
});
