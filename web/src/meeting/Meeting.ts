/**
 * Meeting: one meeting as a participant lives it.
 *
 * Connects the parts and keeps their common snapshot: Link (the way to the node), Participants (who), Tracks (what we
 * publish), Subscriptions (what we watch), AudioOutput (what we hear). Holds no rules of its own.
 */
import { Api } from '../api/index.ts';
import type { NodeMessage, RosterChange, WantedLayers } from '../protocol/index.ts';
import { SOURCES, type Connection } from '../rtc/index.ts';
import { AudioOutput } from './AudioOutput.ts';
import { Beat } from './Beat.ts';
import { Emitter } from './Emitter.ts';
import type { MeetingOptions } from './options.ts';
import { MeetingError, asMeetingError, isAboutPasscode } from './errors.ts';
import { Hosting } from './Hosting.ts';
import { lineOf, mergeMessages } from './messages.ts';
import { Link } from './Link.ts';
import { Participants, type Happening } from './Participants.ts';
import { ScreenShare, askForScreen } from './ScreenShare.ts';
import { ResumeTokens, tabStorage } from './ResumeTokens.ts';
import { EMPTY_SNAPSHOT, isSameState, snapshotParticipants, type Sight } from './snapshot.ts';
import { Subscriptions } from './Subscriptions.ts';
import { Tracks } from './Tracks.ts';
import { Voices } from './Voices.ts';
import type {
  AudioOutput as AudioOutputControls,
  ChatMessage,
  JoinOptions,
  MeetingClient,
  MeetingEvents,
  MeetingSnapshot,
  MeetingState,
  ParticipantId,
  ParticipantSnapshot,
  ShareContent,
  ShareOptions,
  Source,
  TrackId,
  VisibleTrack,
} from './types.ts';

type Joined = Extract<NodeMessage, { type: 'joined' }>;

export class Meeting implements MeetingClient {
  readonly hosting: Hosting;
  readonly #link: Link;
  readonly #participants = new Participants();
  readonly #tracks = new Tracks();
  readonly #subscriptions = new Subscriptions();
  readonly #voices = new Voices();
  readonly #output: AudioOutput;
  readonly #share: ScreenShare;
  readonly #events = new Emitter<MeetingEvents>();
  readonly #listeners = new Set<() => void>();
  readonly #heard = new WeakSet<Connection>();
  #snapshot: MeetingSnapshot = EMPTY_SNAPSHOT;
  #selfQuality: ParticipantSnapshot['connectionQuality'] = 'unknown';
  /** A new session of the same person knows nothing of a hand: it is raised again. */
  #isHandWanted = false;
  readonly #beat = new Beat(
    () => {
      this.#link.handleTick();
    },
    () => void this.#sendStats(),
  );

  constructor(options: MeetingOptions) {
    const { environment } = options;
    this.#output = new AudioOutput((audioPlayback) => {
      this.#update({ audioPlayback });
    });
    this.#share = new ScreenShare(
      {
        onChange: () => {
          void this.#link.connection?.shapeScreen(this.#share.shape);
          this.#update({ share: this.#share.snapshot });
        },
        onEnded: () => {
          this.#endShare('browser');
        },
      },
      environment?.watch,
    );
    const { apiUrl } = options;
    const api = { apiUrl, ...(environment?.fetch !== undefined && { fetch: environment.fetch }) };
    const asParticipant = new Api({
      ...api,
      accessToken: () => Promise.resolve(this.#link.grant?.resumeToken ?? null),
    });
    this.hosting = new Hosting(asParticipant, () => this.#link.grant?.meeting.id ?? null);
    this.#link = new Link({
      api: new Api({
        ...api,
        ...(options.accessToken !== undefined && { accessToken: options.accessToken }),
      }),
      resumeTokens: new ResumeTokens(options.storage === undefined ? tabStorage() : options.storage),
      offeredTracks: (connection) => this.#tracks.offer((source) => connection.midOf(source)),
      onState: (state) => {
        this.#handleState(state);
      },
      onWaiting: (isWaiting) => {
        // A rejoin that has to wait stays what it is for people: a reconnection.
        const { kind } = this.state;
        if (isWaiting && kind === 'joining') this.#handleState({ kind: 'waiting' });
        else if (!isWaiting && kind === 'waiting') this.#handleState({ kind: 'joining' });
      },
      onConnection: (connection) => {
        for (const source of SOURCES) void this.#attach(source, connection);
        if (this.#share.video !== null) void connection.shapeScreen(this.#share.shape);
      },
      onMessage: (message) => {
        this.#handleMessage(message);
      },
      ...(options.cameraCodec !== undefined && { cameraCodec: options.cameraCodec }),
      ...(environment !== undefined && { environment }),
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): MeetingSnapshot => this.#snapshot;

  on<Name extends keyof MeetingEvents>(
    name: Name,
    listener: (event: MeetingEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  get state(): MeetingState {
    return this.#snapshot.state;
  }

  get participants(): readonly ParticipantSnapshot[] {
    return this.#snapshot.participants;
  }

  get audioOutput(): AudioOutputControls {
    return this.#output;
  }

  async prepare(): Promise<void> {
    if (this.state.kind === 'idle') await this.#link.prepare();
  }

  async join(options: JoinOptions): Promise<void> {
    if (this.state.kind !== 'idle') throw new MeetingError('protocol_error', 'a Meeting can be joined once');
    this.#update({ state: { kind: 'joining' } });
    this.#beat.start();
    this.#tracks.set('microphone', options.microphone ?? null, options.microphoneMuted ?? false);
    this.#tracks.set('camera', options.camera ?? null, options.cameraMuted ?? false);
    const { connection } = this.#link;
    if (connection !== null) for (const source of SOURCES) void this.#attach(source, connection);
    try {
      await this.#link.join(options.meeting, options.displayName, options.passcode);
    } catch (cause) {
      const error = asMeetingError(cause);
      if (isAboutPasscode(error) && this.getSnapshot().state.kind === 'joining') {
        this.#stop();
        this.#handleState({ kind: 'idle' });
        throw error;
      }
      this.#link.close();
      // Left while joining: that is an end, not a failure.
      if (['joining', 'waiting'].includes(this.getSnapshot().state.kind)) {
        this.#handleState({ kind: 'failed', error });
      }
      throw error;
    }
  }

  leave(): Promise<void> {
    this.#link.close();
    this.#link.forgetParticipant();
    if (this.state.kind !== 'ended' && this.state.kind !== 'failed') {
      this.#handleState({ kind: 'ended', reason: 'left' });
    }
    return Promise.resolve();
  }

  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    await this.#setTrack('microphone', track);
  }

  async setCamera(track: MediaStreamTrack | null): Promise<void> {
    await this.#setTrack('camera', track);
  }

  setMuted(source: 'microphone' | 'camera', muted: boolean): void {
    this.#tracks.setMuted(source, muted);
    void this.#attach(source, this.#link.connection);
    this.#reconcileTracks();
  }

  async shareScreen({ content = 'auto', takeOver = false }: ShareOptions = {}): Promise<void> {
    const isHost = ['host', 'cohost'].includes(this.#snapshot.self?.role ?? '');
    const mayTakeOver = takeOver && isHost;
    if (this.#participants.screenOfOther !== null && !mayTakeOver) {
      throw new MeetingError('share_taken', 'somebody else shares already');
    }
    const started = this.#share.start(await askForScreen(), content);
    if (!started) throw new MeetingError('share_unsupported', 'the browser shared no picture');
    const other = this.#participants.screenOfOther;
    if (other !== null && mayTakeOver) this.#link.send({ type: 'moderate', action: 'mute', ...other });
    await this.#setTrack('screen', this.#share.video);
    await this.#setTrack('screen_audio', this.#share.audio);
  }

  setShareContent(content: ShareContent): void {
    this.#share.choose(content);
  }

  stopShare(): void {
    this.#share.stop();
    for (const source of ['screen', 'screen_audio'] as const) void this.#setTrack(source, null);
    this.#update({ share: null });
  }

  setVisible(visible: readonly VisibleTrack[]): void {
    this.#subscriptions.setVisible(visible);
    this.#reconcileSlots();
  }

  sendMessage(text: string, to?: ParticipantId): void {
    this.#link.send({ type: 'message', text, ...(to === undefined ? {} : { to }) });
  }

  setHand(raised: boolean): void {
    this.#isHandWanted = raised;
    this.#link.send({ type: 'hand', raised });
  }

  react(reaction: string): void {
    this.#link.send({ type: 'reaction', reaction });
  }

  muteParticipant(participant: ParticipantId): void {
    this.#link.send({ type: 'moderate', action: 'mute', participant });
  }

  removeParticipant(participant: ParticipantId): void {
    this.#link.send({ type: 'moderate', action: 'remove', participant });
  }

  setParticipantVolume(participant: ParticipantId, volume: number): void {
    this.#voices.setVolume(participant, volume);
    this.#settleVoices();
    this.#update({});
  }

  resumeAudio(): Promise<void> {
    this.#output.resume();
    return Promise.resolve();
  }

  async #setTrack(source: Source, track: MediaStreamTrack | null): Promise<void> {
    this.#tracks.set(source, track);
    this.#reconcileTracks();
    await this.#attach(source, this.#link.connection);
    this.#update({});
  }

  #settleVoices(): void {
    this.#output.setGains(this.#voices.gains(this.#participants.all));
  }

  async #attach(source: Source, connection: Connection | null): Promise<void> {
    await connection?.send(source, this.#tracks.sending(source));
  }

  #endShare(reason: MeetingEvents['shareStopped']['reason']): void {
    this.stopShare();
    this.#events.emit('shareStopped', { reason });
  }

  #encode(track: TrackId, wanted: WantedLayers): void {
    const own = this.#participants.self?.tracks.find(({ id }) => id === track);
    if (own !== undefined) void this.#link.connection?.encode(own.source, wanted);
  }

  #reconcileTracks(): void {
    const { connection } = this.#link;
    if (connection === null) return;
    this.#tracks.reconcile(
      (source) => connection.midOf(source),
      (message) => this.#link.send(message),
    );
  }

  #reconcileSlots(): void {
    this.#subscriptions.reconcile((message) => this.#link.send(message));
  }

  #handleState(state: MeetingState): void {
    if (state.kind === 'ended' || state.kind === 'failed') this.#stop();
    if (isSameState(state, this.state)) return;
    if (state.kind === 'reconnecting') this.#selfQuality = 'lost';
    else if (this.#selfQuality === 'lost') this.#selfQuality = 'unknown';
    this.#update({ state });
  }

  #handleMessage(message: NodeMessage): void {
    switch (message.type) {
      case 'joined':
        this.#handleJoined(message);
        return;
      case 'roster':
        this.#handleRoster(message.changes);
        return;
      case 'slots':
        this.#subscriptions.handleSlots(message.slots);
        this.#voices.handleSlots(message.slots);
        this.#settleVoices();
        break;
      case 'speakers':
        this.#participants.handleSpeakers(message.speakers);
        break;
      case 'links':
        this.#participants.handleLinks(message.links);
        break;
      case 'quality':
        this.#selfQuality = message.verdict;
        break;
      case 'message':
        this.#handleChat(message);
        return;
      case 'reaction':
        this.#events.emit('reaction', message);
        break;
      case 'recording':
        this.#update({ recording: message.state === 'stopped' ? 'off' : 'on' });
        break;
      case 'error':
        this.#events.emit('refused', message);
        break;
      case 'layers':
        this.#encode(message.track, message.wanted);
        return;
      case 'waiting':
      case 'move':
      case 'answer':
      case 'removed':
        break;
    }
    this.#update({});
  }

  #handleJoined(joined: Joined): void {
    const { grant, connection } = this.#link;
    this.#participants.handleJoined(joined);
    this.#subscriptions.handleJoined(joined.slots, joined.resumed);
    this.#voices.handleJoined(joined.slots);
    this.#tracks.handleOwnTracks(this.#participants.self?.tracks ?? []);
    if (connection !== null && !this.#heard.has(connection)) {
      this.#heard.add(connection);
      this.#output.play(connection.slots().filter(({ kind }) => kind === 'audio'));
    }
    this.#settleVoices();
    const meeting = grant === null ? null : { ...grant.meeting };
    this.#update({
      meeting,
      messages: mergeMessages(this.#snapshot.messages, joined.messages),
      recording: joined.recording ? 'on' : 'off',
    });
    this.#reconcileTracks();
    this.#reconcileSlots();
    const isHandRaised = this.#participants.self?.hand ?? false;
    if (this.#isHandWanted && !isHandRaised) this.#link.send({ type: 'hand', raised: true });
  }

  /** Somebody who leaves is announced after they are gone, as they were. */
  #handleRoster(changes: readonly RosterChange[]): void {
    const before = new Map(this.#snapshot.participants.map((participant) => [participant.id, participant]));
    const happenings = this.#participants.handleChanges(changes);
    // A host may lower it, which holds through a rejoin as well.
    this.#isHandWanted = this.#participants.self?.hand ?? this.#isHandWanted;
    for (const happening of happenings) this.#handleOwn(happening);
    this.#update({});
    this.#reconcileTracks();
    const after = new Map(this.#snapshot.participants.map((participant) => [participant.id, participant]));
    for (const happening of happenings) {
      const joined = happening.kind === 'joined' ? after.get(happening.participant) : undefined;
      const left = happening.kind === 'left' ? before.get(happening.participant.id) : undefined;
      if (joined !== undefined) this.#events.emit('participantJoined', joined);
      if (left !== undefined) this.#events.emit('participantLeft', left);
    }
  }

  /** What the roster says of our own tracks. */
  #handleOwn(happening: Happening): void {
    const { selfId } = this.#participants;
    if (happening.participant !== selfId) return;
    if (happening.kind === 'trackPublished') {
      this.#tracks.handlePublished(happening.track);
      // What was said of an earlier track of this source says nothing of this one.
      this.#encode(happening.track.id, true);
      // Two began at once: the node's order decides, as everybody sees it.
      if (happening.track.source === 'screen' && this.#participants.screenOfOther !== null)
        this.#endShare('taken');
    } else if (happening.kind === 'trackUnpublished') this.#tracks.handleUnpublished(happening.source);
    else if (happening.kind === 'trackMuted' && happening.by !== null && happening.by !== selfId) {
      const { source, by } = happening;
      if (source === 'screen') {
        // A share has no quiet state: a host who ends it makes room for another.
        this.#endShare('ended_by_host');
        return;
      }
      this.#tracks.handleMutedByOther(source);
      void this.#attach(source, this.#link.connection);
      this.#events.emit('mutedByOther', { source, by });
    }
  }

  #handleChat(message: ChatMessage): void {
    const line = lineOf(message);
    this.#update({ messages: mergeMessages(this.#snapshot.messages, [line]) });
    this.#events.emit('message', line);
  }

  /** Builds the next snapshot and tells everyone, if anything differs. */
  #update(fields: Partial<MeetingSnapshot>): void {
    const before = this.#snapshot;
    const participants = snapshotParticipants(this.#sight(), before.participants);
    const next: MeetingSnapshot = {
      ...before,
      ...fields,
      participants,
      self: participants.find(({ isSelf }) => isSelf) ?? null,
      activeSpeaker: this.#participants.activeSpeaker,
    };
    const names = Object.keys(next) as (keyof MeetingSnapshot)[];
    if (names.every((name) => Object.is(before[name], next[name]))) return;
    this.#snapshot = next;
    for (const listener of [...this.#listeners]) listener();
  }

  #sight(): Sight {
    const trackBySlot = new Map(this.#link.connection?.slots().map(({ slot, track }) => [slot, track]));
    const { slotByTrack } = this.#subscriptions;
    return {
      participants: this.#participants,
      selfQuality: this.#selfQuality,
      volumeOf: (participant) => this.#voices.volumeOf(participant),
      captured: (source) => this.#tracks.wanted(source)?.track ?? null,
      received: (track) => trackBySlot.get(slotByTrack.get(track) ?? '') ?? null,
    };
  }

  async #sendStats(): Promise<void> {
    const stats = await this.#link.connection?.sampleStats();
    if (stats !== undefined) this.#link.send({ type: 'stats', report: { ...stats } });
  }

  #stop(): void {
    this.#share.stop();
    this.#beat.stop();
    this.#output.close();
  }
}
