/**
 * Publishing: our own tracks on the connection of now, and as the node is told of them.
 *
 * Owns the tracks' table; the connection and the way to the node are asked for when they are needed.
 */
import type { ClientMessage, WantedLayers } from '../protocol/index.ts';
import { SOURCES, type Connection } from '../rtc/index.ts';
import type { Happening, Participants } from './Participants.ts';
import type { Sharing } from './Sharing.ts';
import { Tracks } from './Tracks.ts';
import type { MeetingEvents, Role, Source, TrackId } from './types.ts';

export interface PublishingEdge {
  readonly participants: Participants;
  readonly connection: () => Connection | null;
  readonly send: (message: ClientMessage) => boolean;
  /** What is sent of the microphone now. */
  readonly onMicrophone: (track: MediaStreamTrack | null) => void;
  readonly sharing: () => Sharing;
  readonly onMutedByOther: (event: MeetingEvents['mutedByOther']) => void;
}

/** By these the node's refusal of a track is known; offers count from 1. */
const FIRST_ID = 1_000_000_000;

function isByOther({ by, isFromOutside }: Extract<Happening, { kind: 'trackMuted' }>, self: string): boolean {
  return isFromOutside || (by !== null && by !== self);
}

export class Publishing {
  readonly tracks = new Tracks();
  readonly #edge: PublishingEdge;
  #nextId = FIRST_ID;
  readonly #sourceById = new Map<number, Source>();
  #role: Role | null = null;
  #couldPublish = true;

  constructor(edge: PublishingEdge) {
    this.#edge = edge;
  }

  async set(source: Source, track: MediaStreamTrack | null): Promise<void> {
    this.tracks.set(source, track);
    this.reconcile();
    await this.#attach(source, this.#edge.connection());
  }

  setMuted(source: Source, muted: boolean): void {
    this.tracks.setMuted(source, muted);
    void this.#attach(source, this.#edge.connection());
    this.reconcile();
  }

  attachAll(connection: Connection | null): void {
    for (const source of SOURCES) void this.#attach(source, connection);
  }

  encode(track: TrackId, wanted: WantedLayers, bestScaleDownBy?: number): void {
    const { connection, participants } = this.#edge;
    const own = participants.self?.tracks.find(({ id }) => id === track);
    if (own !== undefined) void connection()?.encode(own.source, wanted, bestScaleDownBy);
  }

  reconcile(): void {
    const connection = this.#edge.connection();
    if (connection === null || !this.#edge.participants.mayPublish) return;
    this.tracks.reconcile((source) => connection.midOf(source), this.#send);
  }

  /** A track that the node does not take is offered again to another role, or when a person tries again. */
  handleRefused(id: number | undefined): void {
    const source = id === undefined ? undefined : this.#sourceById.get(id);
    if (source !== undefined) this.tracks.handleRefused(source);
    if (source === 'screen') this.#edge.sharing().handleScreenRefused();
  }

  handleRoster(): void {
    const { self, mayPublish } = this.#edge.participants;
    const role = self?.role ?? null;
    if (role !== this.#role) this.tracks.handleNewRole();
    this.#role = role;
    if (mayPublish === this.#couldPublish) return;
    this.#couldPublish = mayPublish;
    // Who may only watch from now on is neither heard nor seen by itself when that is taken back.
    if (!mayPublish)
      for (const source of ['microphone', 'camera'] as const) this.tracks.setMuted(source, true);
    if (!mayPublish) this.#edge.sharing().stop();
    this.attachAll(this.#edge.connection());
  }

  readonly #send = (message: ClientMessage): boolean => {
    if (message.type !== 'publish') return this.#edge.send(message);
    this.#sourceById.set(this.#nextId, message.source);
    return this.#edge.send({ ...message, id: this.#nextId++ });
  };

  /** What the roster says of our own tracks. */
  handleOwn(happening: Happening): void {
    const { selfId } = this.#edge.participants;
    if (happening.participant !== selfId) return;
    if (happening.kind === 'trackPublished') {
      this.tracks.handlePublished(happening.track);
      // What was said of an earlier track of this source says nothing of this one.
      this.encode(happening.track.id, true);
      if (happening.track.source === 'screen') this.#edge.sharing().handleOwnPublished();
    } else if (happening.kind === 'trackUnpublished') this.tracks.handleUnpublished(happening.source);
    else if (happening.kind === 'trackMuted' && isByOther(happening, selfId)) {
      const { source, by } = happening;
      if (source === 'screen') this.#edge.sharing().handleMutedByOther();
      else {
        this.tracks.handleMutedByOther(source);
        void this.#attach(source, this.#edge.connection());
      }
      this.#edge.onMutedByOther({ source, by });
    }
  }

  async #attach(source: Source, connection: Connection | null): Promise<void> {
    const track = this.#edge.participants.mayPublish ? this.tracks.sending(source) : null;
    if (source === 'microphone') this.#edge.onMicrophone(track);
    await connection?.send(source, track);
  }
}
