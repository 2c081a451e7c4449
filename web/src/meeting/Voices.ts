/**
 * Voices: whose voice each audio slot carries, and how loud this listener wants them.
 *
 * Owns the listener's volumes; audio slots move from speaker to speaker, volumes stay with people. Pure.
 */
import type { Kind, RosterParticipant, Slot } from '../protocol/index.ts';
import type { ParticipantId, TrackId } from './types.ts';

interface Carried {
  readonly slot: Slot;
  readonly track: TrackId | null;
}

/** Twice as loud is what a quiet microphone needs at most; more is noise. */
const MAX_VOLUME = 2;

export class Voices {
  #trackBySlot = new Map<Slot, TrackId | null>();
  readonly #volumes = new Map<ParticipantId, number>();

  handleJoined(slots: readonly (Carried & { readonly kind: Kind })[]): void {
    const audio = slots.filter(({ kind }) => kind === 'audio');
    this.#trackBySlot = new Map(audio.map(({ slot, track }) => [slot, track]));
  }

  handleSlots(changes: readonly Carried[]): void {
    for (const { slot, track } of changes) {
      if (this.#trackBySlot.has(slot)) this.#trackBySlot.set(slot, track);
    }
  }

  /** 0 (silent) to 2; 1 is as they are sent. */
  setVolume(participant: ParticipantId, volume: number): void {
    this.#volumes.set(participant, Math.min(MAX_VOLUME, Math.max(0, Number.isFinite(volume) ? volume : 1)));
  }

  volumeOf(participant: ParticipantId): number {
    return this.#volumes.get(participant) ?? 1;
  }

  gains(present: readonly RosterParticipant[]): ReadonlyMap<Slot, number> {
    const ownerByTrack = new Map(present.flatMap(({ id, tracks }) => tracks.map((track) => [track.id, id])));
    return new Map(
      [...this.#trackBySlot].map(([slot, track]) => {
        const owner = track === null ? undefined : ownerByTrack.get(track);
        return [slot, owner === undefined ? 1 : this.volumeOf(owner)];
      }),
    );
  }
}
