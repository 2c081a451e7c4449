/**
 * Meeting: one meeting as a participant lives it.
 *
 * Connects the parts and keeps their common snapshot: Link (the way to the node), Participants (who), Tracks (what we
 * publish), Subscriptions (what we watch), Hearing (what we hear), Sharing (the screen), Captions (what is said). Holds
 * no rules of its own.
 */
import type { ClientMessage, NodeMessage, RosterChange } from '../protocol/index.ts';
import { Adapting } from './adaptation/Adaptation.ts';
import { Beat } from './Beat.ts';
import { ChangeEvents } from './ChangeEvents.ts';
import { Chat } from './Chat.ts';
import { Captions } from './Captions.ts';
import { deliver, type Receivers } from './deliver.ts';
import { Emitter } from './Emitter.ts';
import { apisOf, type MeetingOptions } from './options.ts';
import { MeetingError, asMeetingError, isAboutPasscode } from './errors.ts';
import { visitorOf } from './GivenGrants.ts';
import { Hand } from './Hand.ts';
import { Hearing } from './Hearing.ts';
import { Hosting } from './Hosting.ts';
import { Link } from './Link.ts';
import { Observed } from './Observed.ts';
import { Participants } from './Participants.ts';
import { Publishing } from './Publishing.ts';
import { Requests, isSaidAgain } from './Requests.ts';
import { ResumeTokens, tabStorage } from './ResumeTokens.ts';
import { Sharing } from './Sharing.ts';
import {
  EMPTY_SNAPSHOT,
  comings,
  countUnread,
  goings,
  isOver,
  isSameState,
  mayCaption,
  nextSnapshot,
  receivedBy,
  recordingOf,
  stateAtDoor,
  type Sight,
} from './snapshot.ts';
import { Statistics } from './Statistics.ts';
import { Subscriptions } from './Subscriptions.ts';
import type {
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
  VisibleTrack,
} from './types.ts';

type Joined = Extract<NodeMessage, { type: 'joined' }>;

export class Meeting implements MeetingClient {
  readonly captions: Captions;
  readonly sharing: Sharing;
  readonly hosting: Hosting;
  readonly statistics = new Statistics(
    () => this.#link.connection,
    (slot) => this.#participants.carriedBy(this.#subscriptions.trackIn(slot)),
  );
  readonly #chat: Chat;
  readonly #link: Link;
  readonly #participants = new Participants();
  readonly #publishing: Publishing;
  readonly #subscriptions = new Subscriptions();
  readonly #hearing: Hearing;
  readonly #adapting: Adapting;
  readonly #events = new Emitter<MeetingEvents>();
  readonly #changes = new ChangeEvents(this.#events.emit);
  readonly #observed = new Observed<MeetingSnapshot>(EMPTY_SNAPSHOT);
  #selfQuality: ParticipantSnapshot['connectionQuality'] = 'unknown';
  readonly #hand = new Hand();
  readonly #requests = new Requests(
    (message) => void this.#link.send(message),
    () => !isOver(this.state),
  );
  readonly #beat = new Beat(
    () => {
      this.#link.handleTick();
    },
    () => void this.#sendStats(),
  );

  constructor(options: MeetingOptions) {
    const { environment } = options;
    this.#hearing = new Hearing(this.#participants, (audioPlayback) => {
      this.#update({ audioPlayback });
    });
    const changed = (): void => {
      this.#update({});
    };
    const send = (message: ClientMessage): void => {
      this.#link.send(message);
    };
    this.captions = new Captions((message) => {
      // Words that grow are overtaken by those that follow.
      if (message.type === 'caption' && !message.final) send(message);
      else void this.#requests.send(message);
    }, changed);
    this.#chat = new Chat(send, changed);
    this.#publishing = new Publishing({
      participants: this.#participants,
      connection: () => this.#link.connection,
      send: (message) => this.#link.send(message),
      onMicrophone: (track) => {
        this.captions.handleMicrophone(track);
      },
      sharing: () => this.sharing,
      onMutedByOther: (event) => {
        this.#events.emit('mutedByOther', event);
      },
    });
    this.sharing = new Sharing(
      {
        participants: this.#participants,
        isOpen: () => !isOver(this.state),
        send: (message) => void this.#requests.send(message),
        publish: (source, track) => this.#set(source, track),
        shape: (shape) => void this.#link.connection?.shapeScreen(shape),
        onChange: changed,
        emit: (name, event) => {
          this.#events.emit(name, event);
        },
      },
      environment?.watch,
    );
    this.#adapting = new Adapting(options, () => this.#link.connection, this.#adapt);
    const { asSelf, asParticipant } = apisOf(options, () => this.#link.grant?.resumeToken ?? null);
    this.hosting = new Hosting(asParticipant, () => this.#link.grant?.meeting.id ?? null);
    this.#link = new Link({
      api: asSelf,
      resumeTokens: new ResumeTokens(options.storage === undefined ? tabStorage() : options.storage),
      announced: (connection) => ({
        tracks: this.#publishing.tracks.offer((source) => connection.midOf(source)),
        decodes: this.#adapting.decodes,
      }),
      ownName: () => this.#participants.self?.displayName ?? null,
      onState: this.#handleState,
      onWaiting: (isWaiting) => {
        const next = stateAtDoor(this.state, isWaiting);
        if (next !== null) this.#handleState(next);
      },
      onConnection: (connection) => {
        this.#publishing.attachAll(connection);
        const { video, shape } = this.sharing.screen;
        if (video !== null) void connection.shapeScreen(shape);
        this.#adapt();
      },
      onMessage: this.#handleMessage,
      onUnread: (reason) => {
        this.#update({ unread: countUnread(this.getSnapshot().unread, reason) });
      },
      ...(options.cameraCodec !== undefined && { cameraCodec: options.cameraCodec }),
      ...(environment !== undefined && { environment }),
    });
  }

  readonly subscribe = this.#observed.subscribe;
  readonly getSnapshot = this.#observed.get;

  readonly on: MeetingClient['on'] = (name, listener) => this.#events.on(name, listener);

  get state(): MeetingState {
    return this.getSnapshot().state;
  }

  get participants(): readonly ParticipantSnapshot[] {
    return this.getSnapshot().participants;
  }

  get audioOutput(): MeetingClient['audioOutput'] {
    return this.#hearing.output;
  }

  async prepare(): Promise<void> {
    void this.#adapting.start();
    if (this.state.kind === 'idle') await this.#link.prepare();
  }

  async join(options: JoinOptions): Promise<void> {
    if (this.state.kind !== 'idle') throw new MeetingError('protocol_error', 'a Meeting can be joined once');
    this.#update({ state: { kind: 'joining' } });
    this.#beat.start();
    void this.#adapting.start();
    const { tracks } = this.#publishing;
    tracks.set('microphone', options.microphone ?? null, options.microphoneMuted ?? false);
    tracks.set('camera', options.camera ?? null, options.cameraMuted ?? false);
    this.#publishing.attachAll(this.#link.connection);
    try {
      await this.#link.join(visitorOf(options));
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
    if (!isOver(this.state)) {
      this.#handleState({ kind: 'ended', reason: 'left' });
    }
    return Promise.resolve();
  }

  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    await this.#set('microphone', track);
  }

  async setCamera(track: MediaStreamTrack | null): Promise<void> {
    await this.#set('camera', track);
  }

  setMuted(source: 'microphone' | 'camera', muted: boolean): void {
    this.#publishing.setMuted(source, muted);
  }

  shareScreen(options: ShareOptions = {}): Promise<void> {
    return this.sharing.start(options);
  }

  setShareContent(content: ShareContent): void {
    this.sharing.screen.choose(content);
  }

  stopShare(): void {
    this.sharing.stop();
  }

  setVisible(visible: readonly VisibleTrack[]): void {
    this.#subscriptions.setVisible(visible);
    this.#reconcileSlots();
  }

  setBatterySaver(isOn: boolean): void {
    this.#adapting.setSaving(isOn);
  }

  sendMessage(text: string, to?: ParticipantId): void {
    this.#chat.send(text, to);
  }

  resendMessage(key: string): void {
    this.#chat.retry(key);
  }

  discardMessage(key: string): void {
    this.#chat.discard(key);
  }

  setHand(raised: boolean): void {
    this.#hand.set(raised, this.#participants.self?.hand ?? false);
    this.#link.send({ type: 'hand', raised });
  }

  react(reaction: string): void {
    this.#link.send({ type: 'reaction', reaction });
  }

  muteParticipant(
    participant: ParticipantId,
    source: 'microphone' | 'camera' | 'screen' = 'microphone',
  ): Promise<void> {
    const mute = { type: 'moderate', action: 'mute', participant } as const;
    const track = this.#participants.trackOf(participant, source);
    if (source === 'microphone') return this.#requests.send(mute);
    return track === null ? Promise.resolve() : this.#requests.send({ ...mute, track });
  }

  askToUnmute(participant: ParticipantId): Promise<void> {
    return this.#requests.send({ type: 'moderate', action: 'askToUnmute', participant });
  }

  lowerHand(participant: ParticipantId): Promise<void> {
    return this.#requests.send({ type: 'moderate', action: 'lowerHand', participant });
  }

  lowerAllHands(): Promise<void> {
    return this.#requests.send({ type: 'moderate', action: 'lowerHand' });
  }

  removeParticipant(participant: ParticipantId): Promise<void> {
    return this.#requests.send({ type: 'moderate', action: 'remove', participant });
  }

  setParticipantVolume(participant: ParticipantId, volume: number): void {
    this.#hearing.setVolume(participant, volume);
    this.#update({});
  }

  resumeAudio(): Promise<void> {
    this.#hearing.output.resume();
    return Promise.resolve();
  }

  async #set(source: Source, track: MediaStreamTrack | null): Promise<void> {
    await this.#publishing.set(source, track);
    this.#update({});
  }

  readonly #adapt = (): void => {
    const { snapshot } = this.#adapting;
    void this.#adapting.apply();
    this.#subscriptions.limitTo(snapshot.plan, (track) => this.#participants.isScreen(track));
    if (this.#publishing.tracks.setPicturesPaused(snapshot.arePicturesPaused)) this.#publishing.reconcile();
    this.#update({ adaptation: snapshot });
    this.#reconcileSlots();
  };

  #reconcileSlots(): void {
    this.#subscriptions.reconcile((message) => this.#link.send(message));
  }

  readonly #handleState = (state: MeetingState): void => {
    if (isOver(state)) this.#stop();
    if (isSameState(state, this.state)) return;
    if (state.kind === 'reconnecting') this.#selfQuality = 'lost';
    else if (this.#selfQuality === 'lost') this.#selfQuality = 'unknown';
    this.#update({ state });
  };

  readonly #handleMessage = (message: NodeMessage): void => {
    if (message.type === 'joined') this.#handleJoined(message);
    else if (message.type === 'roster') this.#handleRoster(message.changes);
    else if (message.type === 'message') {
      const line = this.#chat.handleLine(message, this.#participants.selfId);
      this.#update({});
      if (line !== null) this.#events.emit('message', line);
    } else deliver(message, this.#receivers());
  };

  #receivers(): Receivers {
    return {
      participants: this.#participants,
      subscriptions: this.#subscriptions,
      hearing: this.#hearing,
      publishing: this.#publishing,
      sharing: this.sharing,
      captions: this.captions,
      chat: this.#chat,
      adapting: this.#adapting,
      requests: this.#requests,
      events: this.#events,
      onVerdict: (verdict) => {
        this.#selfQuality = verdict;
      },
      update: (fields) => {
        this.#update(fields);
      },
    };
  }

  #handleJoined(joined: Joined): void {
    const { grant, connection } = this.#link;
    this.#participants.handleJoined(joined);
    this.#subscriptions.handleJoined(joined.slots, joined.resumed);
    this.#hearing.handleJoined(joined.slots, connection);
    this.#adapting.handleCodecs(joined.codecs ?? null);
    this.captions.handleJoined(joined.captions ?? []);
    this.#chat.handleJoined(joined.messages, joined.participant.id);
    this.#publishing.handleRoster();
    this.#publishing.tracks.handleOwnTracks(this.#participants.self?.tracks ?? []);
    this.sharing.handleJoined(joined.resumed);
    const meeting = grant === null ? null : { ...grant.meeting };
    this.#update({
      meeting,
      ...recordingOf(joined.recording ?? null),
    });
    this.#publishing.reconcile();
    this.#reconcileSlots();
    this.#requests.handleJoined(isSaidAgain(joined.resumed && this.sharing.turn === 'asked'));
    const raised = this.#hand.difference(this.#participants.self?.hand ?? false);
    if (raised !== null) this.#link.send({ type: 'hand', raised });
  }

  /** Somebody who leaves is announced after they are gone, as they were. */
  #handleRoster(changes: readonly RosterChange[]): void {
    const before = this.participants;
    const happenings = this.#participants.handleChanges(changes);
    this.#hand.handleShown(this.#participants.self?.hand ?? false);
    for (const happening of happenings) this.#publishing.handleOwn(happening);
    this.#publishing.handleRoster();
    this.sharing.handleRoster();
    // Before anything of theirs.
    this.#update({}, () => {
      for (const who of comings(happenings, this.participants)) this.#events.emit('participantJoined', who);
    });
    this.#publishing.reconcile();
    for (const who of goings(happenings, before)) this.#events.emit('participantLeft', who);
  }

  /** Builds the next snapshot and tells everyone, if anything differs. */
  #update(fields: Partial<MeetingSnapshot>, tellFirst = (): void => undefined): void {
    const { captions, sharing } = this;
    const { self } = this.#participants;
    captions.handleRight(self !== null && mayCaption(self));
    const before = this.getSnapshot();
    const shown = { ...fields, ...this.#chat.shown, ...captions.shown, ...sharing.shown };
    const next = nextSnapshot(before, shown, this.#sight());
    this.#changes.note(before, next);
    this.#observed.set(next);
    tellFirst();
    this.#changes.tell();
  }

  #sight(): Sight {
    const { tracks } = this.#publishing;
    return {
      participants: this.#participants,
      selfQuality: this.#selfQuality,
      volumeOf: (participant) => this.#hearing.volumeOf(participant),
      captured: (source) => tracks.wanted(source)?.track ?? null,
      subscriptions: this.#subscriptions,
      isUnsent: (source) => tracks.isPaused(source),
      received: receivedBy(this.#link.connection?.slots() ?? [], this.#subscriptions.slotByTrack),
    };
  }

  async #sendStats(): Promise<void> {
    // Asked for at once: the connection reads its statistics for both together.
    const adapted = this.#adapting.tick();
    const stats = await this.#link.connection?.sampleStats();
    if (stats !== undefined && this.#link.send({ type: 'stats', report: { ...stats } })) {
      this.#requests.handleStatsSent();
    }
    await adapted;
  }

  #stop(): void {
    this.sharing.screen.stop();
    this.captions.close();
    this.#chat.handleEnd();
    this.#requests.handleEnd();
    this.#beat.stop();
    this.#hearing.close();
  }
}
