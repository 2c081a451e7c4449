/** What the way to the node loses of a voice, as the node says each second. Pure. */

export interface VoiceSample {
  /** Since the connection began; 0 before the first. */
  readonly packetsSent: number;
  /** Of the last second that the node reported of, 0 to 1. */
  readonly loss: number;
}

type Entry = Readonly<Record<string, unknown>>;

export function readVoiceLoss(entries: Iterable<unknown>, mid: string | null): VoiceSample {
  const all = [...entries] as Entry[];
  const sent = all.find((entry) => entry['type'] === 'outbound-rtp' && entry['mid'] === mid);
  const told = all.find(
    (entry) => entry['type'] === 'remote-inbound-rtp' && sent !== undefined && entry['ssrc'] === sent['ssrc'],
  );
  return { packetsSent: numberOf(sent, 'packetsSent'), loss: numberOf(told, 'fractionLost') };
}

function numberOf(entry: Entry | undefined, name: string): number {
  const value = entry?.[name];
  return typeof value === 'number' ? value : 0;
}
