/**
 * Subscriptions: which track each video slot should carry, and which one it carries.
 *
 * Owns the slots' table. A track keeps the slot it has, because a switch costs a keyframe; what is not visible is
 * not sent. Source: docs/signaling.md, `assign` and `slots`.
 */
import type { ClientMessage, Kind, Slot } from '../protocol/index.ts';
import { withinPlan, type Plan } from './adaptation/policy.ts';
import type { SlotReason, TrackId, VisibleTrack } from './types.ts';

interface SlotState {
  readonly slot: Slot;
  /** Undefined until the first assign: the node then chooses. */
  readonly requested: Request | null | undefined;
  /** Whether that was said since the last `joined`; before, it may have gone into a socket that was dead. */
  readonly isAsked: boolean;
  readonly carried: TrackId | null;
  /** Its picture pauses. */
  readonly isPaused: boolean;
  /** What it pauses or is smaller for, as far as the node says so. */
  readonly limitedBy: SlotReason | null;
}

interface Request {
  readonly track: TrackId;
  readonly maxHeight: number;
  readonly priority: number;
}

interface CarriedSlot {
  readonly slot: Slot;
  readonly track: TrackId | null;
  readonly paused?: boolean;
  readonly reason?: string;
}

/** Heights that cameras and layers have: a tile that grows by a pixel asks for nothing new. */
const HEIGHT_STEPS = [180, 360, 720, 1080, 2160];

export class Subscriptions {
  #slots: readonly SlotState[] = [];
  #visible: readonly VisibleTrack[] | null = null;
  #limit = (visible: readonly VisibleTrack[]): readonly VisibleTrack[] => visible;

  /** Track → slot, for tracks that arrive now. */
  get slotByTrack(): ReadonlyMap<TrackId, Slot> {
    return new Map(
      this.#slots.flatMap(({ slot, carried, isPaused }): [TrackId, Slot][] =>
        carried === null || isPaused ? [] : [[carried, slot]],
      ),
    );
  }

  /** Tracks whose pictures pause. */
  isPaused(track: TrackId): boolean {
    return this.#slots.some(({ carried, isPaused }) => carried === track && isPaused);
  }

  /** What a track pauses or is smaller for; null for nothing, and where the node does not say. */
  limitedBy(track: TrackId): SlotReason | null {
    return this.#slots.find(({ carried }) => carried === track)?.limitedBy ?? null;
  }

  /** Whether the node gives less than it is asked for, because its own CPU is short. */
  get isNodeShort(): boolean {
    return this.#slots.some(({ carried, limitedBy }) => carried !== null && limitedBy === 'node');
  }

  /** The track that a slot carries now. */
  trackIn(slot: Slot): TrackId | null {
    return this.#slots.find((state) => state.slot === slot)?.carried ?? null;
  }

  /** A fresh session forgets what was assigned; a resumed one knows it, but for what was lost with its socket. */
  handleJoined(slots: readonly (CarriedSlot & { readonly kind: Kind })[], resumed: boolean): void {
    const before = new Map(this.#slots.map((state) => [state.slot, state]));
    this.#slots = slots
      .filter(({ kind }) => kind === 'video')
      .map(({ slot, track }) => ({
        slot,
        requested: resumed ? before.get(slot)?.requested : undefined,
        isAsked: false,
        carried: track,
        isPaused: false,
        limitedBy: null,
      }));
  }

  handleSlots(changes: readonly CarriedSlot[]): void {
    const changeBySlot = new Map(changes.map((change) => [change.slot, change]));
    this.#slots = this.#slots.map((state) => {
      const change = changeBySlot.get(state.slot);
      if (change === undefined) return state;
      return { ...state, carried: change.track, ...standingAfter(change, state) };
    });
  }

  setVisible(visible: readonly VisibleTrack[]): void {
    this.#visible = visible;
  }

  /** Asks for no more than a device shows, from the next call of `reconcile` on. */
  limitTo(plan: Plan, isScreen: (track: TrackId) => boolean): void {
    this.#limit = (visible) => withinPlan(visible, plan, isScreen);
  }

  /** Sends the difference; a message that could not be sent is tried again at the next call. */
  reconcile(send: (message: ClientMessage) => boolean): void {
    if (this.#visible === null) return;
    const plan = planSlots(this.#slots, this.#limit(this.#visible));
    // Once one slot was asked for, the node fills none by itself: those that are empty stay so.
    let hasAsked = plan.size > 0 || this.#slots.some(({ requested }) => requested !== undefined);
    this.#slots = this.#slots.map((state) => {
      const request = plan.get(state.slot) ?? null;
      if (state.isAsked && sameRequest(state.requested, request)) return state;
      if (hasAsked && request === null && state.requested === undefined && state.carried === null)
        return state;
      hasAsked = true;
      return send(assignMessage(state.slot, request))
        ? { ...state, requested: request, isAsked: true }
        : state;
    });
  }
}

/** Nothing is said of a pause where that of the same track goes on as it was; another track has none. */
function standingAfter(
  { track, paused, reason }: CarriedSlot,
  before: SlotState,
): Pick<SlotState, 'isPaused' | 'limitedBy'> {
  if (paused !== undefined) return { isPaused: paused, limitedBy: slotReasonOf(reason) };
  const { isPaused, limitedBy } = before;
  return track === before.carried ? { isPaused, limitedBy } : { isPaused: false, limitedBy: null };
}

/** A word that this client does not know says no more than none. */
function slotReasonOf(word: string | undefined): SlotReason | null {
  return word === 'bandwidth' || word === 'node' ? word : null;
}

/** The most important tracks get slots: first the ones they already have, then any free one. */
export function planSlots(
  slots: readonly SlotState[],
  visible: readonly VisibleTrack[],
): ReadonlyMap<Slot, Request> {
  const unique = [...new Map(visible.map((wish) => [wish.track, wish])).values()].slice(0, slots.length);
  const wishByTrack = new Map(unique.map((wish) => [wish.track, requestOf(wish)]));
  const plan = new Map<Slot, Request>();
  const take = (slot: Slot, track: TrackId | null | undefined): void => {
    const request = track == null ? undefined : wishByTrack.get(track);
    if (request === undefined || plan.has(slot)) return;
    plan.set(slot, request);
    wishByTrack.delete(request.track);
  };
  for (const state of slots) take(state.slot, state.requested?.track);
  for (const state of slots) if (state.requested === undefined) take(state.slot, state.carried);
  const rest = [...wishByTrack.keys()];
  for (const { slot } of slots) if (!plan.has(slot)) take(slot, rest.shift());
  return plan;
}

function requestOf(wish: VisibleTrack): Request {
  const maxHeight = HEIGHT_STEPS.find((step) => step >= wish.maxHeight) ?? 2160;
  return { track: wish.track, maxHeight, priority: wish.priority ?? 0 };
}

function sameRequest(a: Request | null | undefined, b: Request | null): boolean {
  if (a == null || b === null) return a === b;
  return a.track === b.track && a.maxHeight === b.maxHeight && a.priority === b.priority;
}

function assignMessage(slot: Slot, request: Request | null): ClientMessage {
  return request === null ? { type: 'assign', slot, track: null } : { type: 'assign', slot, ...request };
}
