/**
 * Which of the machine's addresses carries the media, and which there are.
 *
 * Where a page may use the microphone or the camera, browsers name host candidates by their addresses (RFC 8828 section
 * 5.2, mode 1); else by made-up names, which are worth nothing here. No address leaves the page.
 */

/** What has come over the path so far, and the address of this machine that it begins at; null where that is not told. */
export interface PathSample {
  readonly packets: number;
  /** For how long nothing has come; 0 where the browser does not tell. */
  readonly silentMs: number;
  readonly address: string | null;
}

type Entry = Readonly<Record<string, unknown>>;

/** Gathering without servers asks nobody, so that it is over at once. */
const GATHERING_MS = 500;

/** Null while no path is up. Pure. */
export function readPath(report: ReadonlyMap<string, unknown>): PathSample | null {
  const entries = [...report.values()] as Entry[];
  const transport = entries.find((entry) => entry['type'] === 'transport');
  const pair = report.get(textOf(transport, 'selectedCandidatePairId')) as Entry | undefined;
  if (pair === undefined) return null;
  const local = report.get(textOf(pair, 'localCandidateId')) as Entry | undefined;
  // A NAT's address on the way names the one behind it.
  const isHost = local?.['candidateType'] === 'host';
  const address = textOf(local, isHost ? 'address' : 'relatedAddress');
  const cameAt = countOf(pair, 'lastPacketReceivedTimestamp');
  return {
    silentMs: cameAt === 0 ? 0 : Math.max(0, countOf(pair, 'timestamp') - cameAt),
    packets: countOf(pair, 'packetsReceived') + countOf(pair, 'responsesReceived'),
    address: isTold(address) ? address : null,
  };
}

/** The addresses of this machine; none where the browser names none, or takes too long. Nobody is connected to. */
export async function hostAddresses(
  create: () => RTCPeerConnection = () => new RTCPeerConnection(),
): Promise<ReadonlySet<string>> {
  const connection = create();
  const found = new Set<string>();
  try {
    await new Promise<void>((resolve, reject) => {
      setTimeout(() => {
        found.clear();
        connection.onicecandidate = null;
        resolve();
      }, GATHERING_MS);
      connection.onicecandidate = ({ candidate }) => {
        if (candidate === null) resolve();
        else if (isTold(candidate.address ?? '')) found.add(candidate.address ?? '');
      };
      connection.createDataChannel('');
      connection.setLocalDescription().catch(reject);
    });
  } finally {
    connection.close();
  }
  return found;
}

function isTold(address: string): boolean {
  return address !== '' && !address.endsWith('.local') && address !== '0.0.0.0' && address !== '::';
}

function textOf(entry: Entry | undefined, name: string): string {
  const value = entry?.[name];
  return typeof value === 'string' ? value : '';
}

function countOf(entry: Entry, name: string): number {
  const value = entry[name];
  return typeof value === 'number' ? value : 0;
}
