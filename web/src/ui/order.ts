/**
 * Order: where each participant's tile stands, so that tiles do not jump about.
 *
 * Everybody keeps their place. Newcomers go to the end; where somebody left, those behind close up. Who speaks and is not
 * shown at first changes places with the one shown who has been silent longest: two tiles move, no more. Pure.
 */
export interface Order {
  readonly ids: readonly string[];
  /** Who spoke, the latest last. */
  readonly spoke: readonly string[];
}

export const EMPTY_ORDER: Order = { ids: [], spoke: [] };

/**
 * The same object when nothing changed.
 *
 * `shownOf` says who is shown at first when they stand in this order; `fixed` tiles (one's own, those that are pinned)
 * never give up their place to a speaker.
 */
export function nextOrder(
  before: Order,
  present: readonly string[],
  speaker: string | null,
  shownOf: (ids: readonly string[]) => readonly string[],
  fixed: readonly string[] = [],
): Order {
  const here = new Set(present);
  const stayed = before.ids.filter((id) => here.has(id));
  const known = new Set(stayed);
  const ids = [...stayed, ...present.filter((id) => !known.has(id))];
  const speaks = speaker !== null && here.has(speaker) ? speaker : null;
  const heard = before.spoke.filter((id) => here.has(id) && id !== speaks);
  const spoke = speaks === null ? heard : [...heard, speaks];
  const next = { ids: speaks === null ? ids : bringForward(ids, speaks, heard, shownOf(ids), fixed), spoke };
  return isSame(next.ids, before.ids) && isSame(next.spoke, before.spoke) ? before : next;
}

function bringForward(
  ids: readonly string[],
  speaker: string,
  heard: readonly string[],
  shown: readonly string[],
  fixed: readonly string[],
): readonly string[] {
  if (shown.includes(speaker)) return ids;
  const silentFor = (id: string): number => heard.indexOf(id);
  const candidates = shown.filter((id) => !fixed.includes(id));
  // Of those who never spoke, the one who stands last: the top of the page stays calm.
  const gives = candidates.reduce<string | null>(
    (least, id) => (least === null || silentFor(id) <= silentFor(least) ? id : least),
    null,
  );
  if (gives === null) return ids;
  return ids.map((id) => (id === speaker ? gives : id === gives ? speaker : id));
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
