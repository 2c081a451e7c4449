/**
 * TestPath: a connection whose picture the node sends back, over UDP alone or over TCP alone.
 *
 * Owns the peer connection and nothing else; whoever tests passes the offer on and reads the numbers.
 */
import { withCandidatesOver } from './sdp.ts';
import { condenseStats, type ConnectionStats } from './stats.ts';

export type Over = 'udp' | 'tcp';
export type CreatePeerConnection = () => RTCPeerConnection;

export class TestPath {
  readonly #pc: RTCPeerConnection;
  readonly #over: Over;

  /** `maxBps` bounds what is sent of the picture. */
  constructor(
    over: Over,
    picture: MediaStreamTrack,
    maxBps: number,
    create: CreatePeerConnection = () => new RTCPeerConnection({ bundlePolicy: 'max-bundle' }),
  ) {
    this.#over = over;
    this.#pc = create();
    // Every browser has VP8, and it fills what bandwidth there is with noise.
    const sending = this.#pc.addTransceiver(picture, {
      direction: 'sendonly',
      sendEncodings: [{ maxBitrate: maxBps }],
    });
    const receiving = this.#pc.addTransceiver('video', { direction: 'recvonly' });
    for (const transceiver of [sending, receiving]) preferVp8(transceiver);
  }

  async createOffer(): Promise<string> {
    await this.#pc.setLocalDescription(await this.#pc.createOffer());
    return this.#pc.localDescription?.sdp ?? '';
  }

  /** Whether the path has come up in time; goes on after the answer was applied. @throws DOMException */
  async connect(answer: string, timeoutMs: number): Promise<boolean> {
    const sdp = withCandidatesOver(answer, this.#over);
    await this.#pc.setRemoteDescription({ type: 'answer', sdp });
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        settle(false);
      }, timeoutMs);
      const settle = (isUp: boolean): void => {
        clearTimeout(timer);
        this.#pc.onconnectionstatechange = null;
        resolve(isUp);
      };
      const look = (): void => {
        const { connectionState } = this.#pc;
        if (connectionState === 'connected') settle(true);
        else if (connectionState === 'failed' || connectionState === 'closed') settle(false);
      };
      this.#pc.onconnectionstatechange = look;
      look();
    });
  }

  async sample(): Promise<ConnectionStats> {
    const report = await this.#pc.getStats();
    return condenseStats((report as ReadonlyMap<string, unknown>).values());
  }

  close(): void {
    this.#pc.close();
  }
}

function preferVp8(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  const wanted = codecs.filter(({ mimeType }) => ['video/vp8', 'video/rtx'].includes(mimeType.toLowerCase()));
  if (wanted.length > 0) transceiver.setCodecPreferences(wanted);
}
