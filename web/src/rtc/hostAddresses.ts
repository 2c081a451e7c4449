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

/**
 * Gathering without servers asks nobody, so that it is over at once. Where a browser still takes a machine to have an
 * address that it has no longer, it goes on until the browser hears of another: within two seconds on Linux.
 */
const GATHERING_MS = 4_000;
/** Sockets are opened at all addresses at the same time: those that are there follow each other sooner. */
const SETTLING_MS = 150;

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

/**
 * The addresses of this machine; none where the browser names none, or takes too long. Nobody is connected to.
 *
 * Only a UDP candidate shows that an address is there, as it has a socket: Chromium makes a TCP candidate of an address that
 * is gone, and then never ends gathering.
 */
export async function hostAddresses(
  create: () => RTCPeerConnection = () => new RTCPeerConnection(),
): Promise<ReadonlySet<string>> {
  const connection = create();
  const found = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(resolve, GATHERING_MS);
      connection.onicecandidate = ({ candidate }) => {
        if (candidate === null) resolve();
        else if (candidate.protocol === 'udp' && isTold(candidate.address ?? '')) {
          found.add(candidate.address ?? '');
          clearTimeout(timer);
          timer = setTimeout(resolve, SETTLING_MS);
        }
      };
      connection.createDataChannel('');
      connection.setLocalDescription().catch(reject);
    });
  } finally {
    clearTimeout(timer);
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
