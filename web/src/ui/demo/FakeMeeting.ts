/** FakeMeeting: a meeting without a network, for component tests and for looking at the app. Remembers what it was told. */
import { planAt } from '../../meeting/index.ts';
import type {
  CaptionControls,
  Hosting,
  JoinOptions,
  MeetingClient,
  MeetingEvents,
  MeetingRules,
  MeetingSnapshot,
  MeetingStatistics,
  ParticipantSnapshot,
  ShareOptions,
  SharingControls,
  Source,
  TrackSnapshot,
  VisibleTrack,
  WaitingPerson,
} from '../../meeting/index.ts';

type Call = readonly [name: string, ...args: unknown[]];

export const EMPTY: MeetingSnapshot = {
  state: { kind: 'connected' },
  meeting: { id: 'mtg_demo', code: 'abc-defg-hij', title: 'Weekly design review' },
  participants: [],
  self: null,
  activeSpeaker: null,
  messages: [],
  outgoing: [],
  captions: [],
  speech: 'off',
  recording: 'off',
  recordingTrouble: null,
  audioPlayback: 'playing',
  share: null,
  shareRequests: [],
  shareTurn: 'none',
  adaptation: { level: 0, plan: planAt(0), reason: null, isSaving: false, arePicturesPaused: false },
  unread: {},
};

export class FakeMeeting implements MeetingClient {
  /** Everything that was asked of the meeting, in order. */
  readonly calls: Call[] = [];
  visible: readonly VisibleTrack[] = [];
  /** Decides how `join` ends. */
  onRename: () => Promise<void> = () => Promise.resolve();
  onJoin: (options: JoinOptions) => Promise<void> = () => Promise.resolve();
  /** What hosts see; answers of the control plane. */
  rules: MeetingRules = { locked: false, waitingRoom: true, hasPasscode: false };
  waiting: readonly WaitingPerson[] = [];
  guesses = 0;
  readonly hosting: Hosting = {
    watchDoor: (listener) => {
      listener({ waiting: this.waiting, rules: this.rules, guesses: this.guesses });
      return () => undefined;
    },
    fetchRules: () => Promise.resolve(this.rules),
    changeRules: async (change) => {
      await this.#note('changeRules', change);
      return (this.rules = { ...this.rules, ...change });
    },
    listWaiting: () => Promise.resolve(this.waiting),
    admit: (id) => this.#decide('admit', id),
    deny: (id) => this.#decide('deny', id),
    admitAll: () => this.#decide('admitAll'),
    muteAll: () => this.#note('muteAll'),
    setRole: (id, role) => this.#note('setRole', id, role),
    rename: (id, displayName) => {
      void this.#note('rename', id, displayName);
      return this.onRename();
    },
    ban: (id) => this.#note('ban', id),
    endMeeting: () => this.#note('endMeeting'),
  };
  readonly captions: CaptionControls = {
    write: (text) => void this.#note('writeCaption', text),
    allow: (id, isAllowed) => void this.#note('allowCaptions', id, isAllowed),
    setProvider: () => undefined,
  };
  readonly sharing: SharingControls = {
    ask: () => void this.#note('askToShare'),
    giveUpTurn: () => {
      this.change({ shareTurn: 'none' });
    },
    answer: (id, isAllowed) => void this.#note('answerShare', id, isAllowed),
  };
  statisticsNow: MeetingStatistics | null = null;
  readonly statistics = { sample: () => Promise.resolve(this.statisticsNow) };
  readonly audioOutput = {
    setVolume: () => undefined,
    setMono: (isMono: boolean): void => void this.#note('setMono', isMono),
    setSink: () => Promise.resolve(),
  };
  readonly #listeners = new Set<() => void>();
  readonly #handlers = new Map<string, Set<(event: never) => void>>();
  #snapshot: MeetingSnapshot;

  constructor(snapshot: Partial<MeetingSnapshot> = {}) {
    this.#snapshot = { ...EMPTY, ...snapshot };
    this.change(snapshot);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): MeetingSnapshot => this.#snapshot;

  on<Name extends keyof MeetingEvents>(
    name: Name,
    handler: (event: MeetingEvents[Name]) => void,
  ): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers);
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  emit<Name extends keyof MeetingEvents>(name: Name, event: MeetingEvents[Name]): void {
    for (const handler of this.#handlers.get(name) ?? []) {
      (handler as (event: MeetingEvents[Name]) => void)(event);
    }
  }

  change(change: Partial<MeetingSnapshot>): void {
    const next = { ...this.#snapshot, ...change };
    this.#snapshot = { ...next, self: next.participants.find(({ isSelf }) => isSelf) ?? null };
    for (const listener of this.#listeners) listener();
  }

  changeParticipant(id: string, change: Partial<ParticipantSnapshot>): void {
    this.change({
      participants: this.#snapshot.participants.map((participant) =>
        participant.id === id ? { ...participant, ...change } : participant,
      ),
    });
  }

  prepare = (): Promise<void> => this.#note('prepare');
  leave = (): Promise<void> => {
    this.change({ state: { kind: 'ended', reason: 'left' } });
    return this.#note('leave');
  };
  join(options: JoinOptions): Promise<void> {
    void this.#note('join', options);
    return this.onJoin(options);
  }

  setMicrophone = (track: MediaStreamTrack | null): Promise<void> => this.#note('setMicrophone', track);
  setCamera = (track: MediaStreamTrack | null): Promise<void> => this.#note('setCamera', track);
  shareScreen = (options?: ShareOptions): Promise<void> =>
    options === undefined ? this.#note('shareScreen') : this.#note('shareScreen', options);
  setShareContent = (content: string): void => void this.#note('setShareContent', content);
  resumeAudio = (): Promise<void> => this.#note('resumeAudio');
  stopShare = (): void => void this.#note('stopShare');
  setHand = (raised: boolean): void => void this.#note('setHand', raised);
  react = (reaction: string): void => void this.#note('react', reaction);
  setBatterySaver(isOn: boolean): void {
    void this.#note('setBatterySaver', isOn);
  }

  resendMessage = (key: string): void => void this.#note('resendMessage', key);
  discardMessage = (key: string): void => void this.#note('discardMessage', key);
  sendMessage = (text: string, to?: string): void =>
    void (to === undefined ? this.#note('sendMessage', text) : this.#note('sendMessage', text, to));
  muteParticipant: MeetingClient['muteParticipant'] = (id, source) =>
    this.#note('muteParticipant', id, source);
  lowerHand = (id: string): Promise<void> => this.#note('lowerHand', id);
  lowerAllHands = (): Promise<void> => this.#note('lowerAllHands');
  removeParticipant = (id: string): Promise<void> => this.#note('removeParticipant', id);
  setParticipantVolume = (id: string, volume: number): void =>
    void this.#note('setParticipantVolume', id, volume);
  askToUnmute = (id: string): Promise<void> => this.#note('askToUnmute', id);
  setMuted = (source: string, muted: boolean): void => void this.#note('setMuted', source, muted);
  setVisible(visible: readonly VisibleTrack[]): void {
    this.visible = visible;
  }

  #decide(name: string, id?: string): Promise<void> {
    this.waiting = this.waiting.filter((one) => id !== undefined && one.id !== id);
    return id === undefined ? this.#note(name) : this.#note(name, id);
  }

  #note(...call: Call): Promise<void> {
    this.calls.push(call);
    return Promise.resolve();
  }
}

interface Person extends Partial<Omit<ParticipantSnapshot, 'tracks'>> {
  readonly muted?: boolean;
  readonly camera?: MediaStreamTrack | null;
  readonly screen?: MediaStreamTrack | null;
}

/** A participant with a microphone; `camera: null` is one that no slot carries, left out is one that is off. */
export function person(displayName: string, options: Person = {}): ParticipantSnapshot {
  const { muted = false, camera, screen, ...rest } = options;
  const id = rest.id ?? `par_${displayName.toLowerCase().replaceAll(' ', '')}`;
  const track = (
    source: Source,
    mediaStreamTrack: MediaStreamTrack | null,
    isMuted = false,
  ): TrackSnapshot => ({
    id: `trk_${id}_${source}`,
    source,
    kind: source === 'microphone' ? 'audio' : 'video',
    muted: isMuted,
    mediaStreamTrack,
  });
  return {
    role: 'participant',
    isSelf: false,
    isHandRaised: false,
    handNumber: null,
    mayCaption: rest.role === 'host' || rest.role === 'cohost',
    joinedAt: '2026-01-01T10:00:00Z',
    isSpeaking: false,
    audioLevel: 0,
    volume: 1,
    connectionQuality: 'unknown',
    ...rest,
    id,
    displayName,
    tracks: {
      microphone: track('microphone', null, muted),
      ...(camera === undefined ? {} : { camera: track('camera', camera) }),
      ...(screen === undefined ? {} : { screen: track('screen', screen) }),
    },
  };
}
