/** Shows any screen of the app from fixtures: `demo.html?scene=meeting&people=4`. Development only, never built. */
import '@fontsource-variable/figtree/index.css';
import '../styles/everyPage.ts';
import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nProvider } from 'react-aria-components';
import type { EndReason, MeetingErrorCode } from '../../meeting/index.ts';
import { JoinPage } from '../pages/JoinPage.tsx';
import { LeftPage } from '../pages/LeftPage.tsx';
import { MeetingPage } from '../pages/MeetingPage.tsx';
import { NoticePage } from '../pages/NoticePage.tsx';
import { StartPage } from '../pages/StartPage.tsx';
import type { LayoutChoice } from '../arrange.ts';
import { useDialogs, type DialogName } from '../dialogs.ts';
import { followSettings } from '../appearance.ts';
import { useSettings } from '../settings.ts';
import { useSession, type Panel } from '../session.ts';
import { useView } from '../view.ts';
import '../i18n.ts';
import { ConnectionTestPage } from '../network/ConnectionTestPage.tsx';
import { testOf } from './networks.ts';
import { usePreferences } from '../live/preferences.ts';
import { makeMedia, makeMeeting, pinsOf } from './scenes.ts';

const query = new URLSearchParams(location.search);
const nothing = (): void => undefined;

function scene(): ReactNode {
  const media = makeMedia(query);
  const notice = (code: MeetingErrorCode): ReactNode => (
    <NoticePage code={code} onRetry={nothing} onHome={nothing} />
  );
  switch (query.get('scene')) {
    case 'join':
      useSession.setState({ displayName: query.get('name') ?? '' });
      return (
        <JoinPage
          code="abc-defg-hij"
          apiUrl="/v1"
          meeting={makeMeeting(query)}
          media={media}
          onHome={nothing}
          onGo={nothing}
        />
      );
    case 'meeting':
      useSession.setState({ panel: (query.get('panel') ?? 'none') as Panel });
      useDialogs.setState({ open: query.get('dialog') as DialogName | null });
      useView.setState({
        layout: (query.get('layout') ?? 'auto') as LayoutChoice,
        pins: pinsOf(query),
      });
      usePreferences.setState({ areCaptionsShown: query.has('captions') });
      return <MeetingPage code="abc-defg-hij" meeting={makeMeeting(query)} media={media} />;
    case 'left':
      return (
        <LeftPage reason={(query.get('reason') ?? 'left') as EndReason} onAgain={nothing} onHome={nothing} />
      );
    case 'test':
      return <ConnectionTestPage apiUrl="/v1" onHome={nothing} run={testOf(query)} />;
    case 'notice':
      return notice((query.get('code') ?? 'meeting_not_found') as MeetingErrorCode);
    default:
      return <StartPage onCode={nothing} onGo={nothing} />;
  }
}

const container = document.getElementById('app');
if (container === null) throw new Error('demo.html has no #app');
const language = query.get('language');
useSettings.setState({ language });
followSettings();
// Any language, written from the right: what a translation into Hebrew or Arabic would have to look like.
if (query.has('rtl')) document.documentElement.dir = 'rtl';
const locale = query.has('rtl') ? 'he' : (language ?? 'en');
createRoot(container).render(<I18nProvider locale={locale}>{scene()}</I18nProvider>);
