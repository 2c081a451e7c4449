/** What jsdom lacks of a browser, for component tests. */
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';
import '../i18n.ts';
import { useSession } from '../session.ts';
import { useToasts } from '../components/toasts.ts';
import { useDrafts } from '../drafts.ts';
import { useSettings } from '../settings.ts';
import { useDialogs } from '../dialogs.ts';
import { useView } from '../view.ts';

// What is loaded when it is first shown takes its time on a machine that builds something else meanwhile.
configure({ asyncUtilTimeout: 20_000 });

class StillObserver {
  observe = (): void => undefined;
  unobserve = (): void => undefined;
  disconnect = (): void => undefined;
}

class StillStream {
  getTracks = (): readonly MediaStreamTrack[] => [];
  removeTrack = (): void => undefined;
}

class SilentMeter {
  connect = (): void => undefined;
  disconnect = (): void => undefined;
  close = (): Promise<void> => Promise.resolve();
  resume = (): Promise<void> => Promise.resolve();
  getFloatTimeDomainData = (): void => undefined;
}

/** A track that can be put into a MediaStream and nothing else. */
export function aTrack(kind: 'audio' | 'video', settings: MediaTrackSettings = {}): MediaStreamTrack {
  return { kind, id: `${kind}-track`, getSettings: () => settings } as MediaStreamTrack;
}

export function stubPage(): void {
  // On a machine that builds something else meanwhile, a part that is loaded late takes its time.
  configure({ asyncUtilTimeout: 15_000 });
  beforeEach(() => {
    vi.stubGlobal('ResizeObserver', StillObserver);
    vi.stubGlobal('MediaStream', StillStream);
    vi.stubGlobal('CSS', { escape: String });
    for (const name of ['AudioContext', 'AnalyserNode', 'MediaStreamAudioSourceNode']) {
      vi.stubGlobal(name, SilentMeter);
    }
    // Who has not touched a page hears no tones of it.
    Object.defineProperty(navigator, 'userActivation', {
      configurable: true,
      value: { hasBeenActive: false },
    });
    Element.prototype.scrollIntoView = () => undefined;
    HTMLMediaElement.prototype.play = () => Promise.resolve();
    // There is no layout: every element is as large as a laptop's window.
    vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(1280);
    vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(720);
    localStorage.clear();
    sessionStorage.clear();
    useSession.setState(useSession.getInitialState());
    useSession.setState({ displayName: '' });
    useToasts.setState({ toasts: [] });
    useDialogs.setState({ open: null });
    useDrafts.setState({ code: '', text: '', to: null });
    useSettings.setState(useSettings.getInitialState());
    useView.setState(useView.getInitialState());
  });
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
}
