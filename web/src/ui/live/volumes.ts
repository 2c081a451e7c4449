/** How loud somebody wants others, remembered on this device: ids are never used twice, so that they need no meeting. */
import { parseKept, recall, remember } from './remembered.ts';

export type Volumes = ReadonlyMap<string, number>;

const KEY = 'parley.volumes';
/** Enough for all whom one meets in weeks; the oldest go first. */
export const MAX_VOLUMES = 200;

/** What is no list of names and volumes is left out. */
export function parseVolumes(text: string | null): Volumes {
  const kept = parseKept(text);
  const entries: readonly unknown[] = Array.isArray(kept) ? kept : [];
  return new Map(entries.filter(isEntry));
}

function isEntry(entry: unknown): entry is readonly [string, number] {
  if (!Array.isArray(entry)) return false;
  const [id, volume] = entry as readonly unknown[];
  return typeof id === 'string' && typeof volume === 'number' && volume >= 0 && volume <= 2;
}

/** With this one as the newest; one that is as sent need not be remembered. */
export function withVolume(volumes: Volumes, id: string, volume: number): Volumes {
  const others = [...volumes].filter(([other]) => other !== id);
  return new Map([...others, ...(volume === 1 ? [] : [[id, volume] as const])].slice(-MAX_VOLUMES));
}

export function recallVolumes(): Volumes {
  return parseVolumes(recall(KEY));
}

export function rememberVolume(id: string, volume: number): void {
  remember(KEY, [...withVolume(recallVolumes(), id, volume)]);
}
