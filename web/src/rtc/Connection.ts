/**
 * Connection: the one RTCPeerConnection to the node, with every m-line it will ever have.
 *
 * Owns the sending transceivers and the receiving slots. Never renegotiates for tracks that come and go: sending is
 * switched by replaceTrack, receiving by the node. Source: design of slots in docs/media.md; JSEP (RFC 9429).
 */
import type { Kind, Mid, Slot, Source, WantedLayers } from '../protocol/index.ts';
import { activeEncodings, isForNobody, shapeCamera, type CameraLimit } from './cameraShape.ts';
import {
  chooseCodec,
  contentHintOf,
  encodingsOf,
  microphoneMaxBps,
  preferredCodecs,
  shapedEncoding,
  type CameraCodec,
  type Uplink,
  type Use,
} from './encodings.ts';
import { readDetails, type ConnectionDetails } from './details.ts';
import { describeLayers } from './headerExtensions.ts';
import { readPath, type PathSample } from './hostAddresses.ts';
import { withCandidatesOnce, withOpusSending, withPausedStreams, withStereoReceiving } from './sdp.ts';
import type { ScreenShape } from './screenShape.ts';
import { condenseStats, type ConnectionStats } from './stats.ts';
import { readVoiceLoss, type VoiceSample } from './voiceLoss.ts';

export const SOURCES: readonly Source[] = ['microphone', 'camera', 'screen', 'screen_audio'];

/** The loudest four are all that people can follow; ten tiles fill a laptop's screen. */
const SLOTS: readonly Kind[] = [
  ...Array.from({ length: 4 }, () => 'audio' as const),
  ...Array.from({ length: 10 }, () => 'video' as const),
];
/** Slots are made for so long at once, then the page is drawn and answers. A phone makes one in 5 ms, a laptop ten. */
const PREPARING_MS = 8;
/** Three frames of a slow camera: the first is there before a large encoder takes the machine. */
const WAKING_MS = 150;
const CONFIGURATION: RTCConfiguration = { bundlePolicy: 'max-bundle' };

export type MediaPath = 'new' | 'up' | 'interrupted' | 'failed';

export interface ReceivingSlot {
  readonly slot: Slot;
  readonly kind: Kind;
  readonly track: MediaStreamTrack;
}

export interface ConnectionOptions {
  readonly onPath: (path: MediaPath) => void;
  /** Default VP8, which is sent in three sizes as streams of their own. */
  readonly cameraCodec?: CameraCodec;
  readonly createPeerConnection?: (configuration: RTCConfiguration) => RTCPeerConnection;
}

export class Connection {
  readonly #pc: RTCPeerConnection;
  readonly #senders: ReadonlyMap<Source, RTCRtpTransceiver>;
  /** All of SLOTS once there is an offer. */
  readonly #receivers: RTCRtpTransceiver[] = [];
  readonly #wanted = new Map<Source, WantedLayers>();
  #cameraLimit: CameraLimit | null = null;
  #bestScaleDownBy = 1;
  #isWaking = false;
  readonly #encoding = new Map<Source, Promise<void>>();
  /** Two offers made at the same time would order their m-lines anew, which browsers refuse. */
  #offer: Promise<string> | null = null;
  /** The latest one, as the node gave it. */
  #answer: string | null = null;
  #isMicrophoneMusic = false;
  #uplink: Uplink = 'all';
  /** The statistics that are being read now. */
  #reading: Promise<RTCStatsReport> | null = null;

  constructor(options: ConnectionOptions) {
    const create = options.createPeerConnection ?? ((configuration) => new RTCPeerConnection(configuration));
    this.#pc = create(CONFIGURATION);
    const codec = options.cameraCodec ?? 'vp8';
    this.#senders = new Map(SOURCES.map((source) => [source, this.#addSender(source, codec)]));
    this.#pc.onconnectionstatechange = () => {
      options.onPath(pathOf(this.#pc.connectionState));
    };
  }

  get path(): MediaPath {
    return pathOf(this.#pc.connectionState);
  }

  /** Relays for networks that let no other path through. Only before the first answer. */
  useIceServers(iceServers: readonly RTCIceServer[]): void {
    if (iceServers.length > 0) this.#pc.setConfiguration({ ...CONFIGURATION, iceServers: [...iceServers] });
  }

  /** The description to send. Called again before an answer, it returns the same one. */
  createOffer(): Promise<string> {
    this.#addReceivers(SLOTS.length);
    this.#offer ??= this.#describe();
    return this.#offer;
  }

  /** Makes the offer ahead of its time, in pieces between which the page is drawn and answers. */
  async prepareOffer(nextTask = afterTask): Promise<void> {
    for (;;) {
      await nextTask();
      // Closed meanwhile, or offered by somebody who could not wait.
      if (this.#pc.signalingState === 'closed' || this.#offer !== null) return;
      if (this.#receivers.length === SLOTS.length) break;
      const until = performance.now() + PREPARING_MS;
      do this.#addReceivers(1);
      while (performance.now() < until && this.#receivers.length < SLOTS.length);
    }
    await this.createOffer();
  }

  /** A fresh offer whose answer moves the media to a new network path; the tracks go on. */
  async createRestartOffer(): Promise<string> {
    if (this.#pc.signalingState === 'have-local-offer') {
      // An earlier restart was never answered, most likely because its socket died.
      await this.#pc.setLocalDescription({ type: 'rollback' });
    }
    this.#pc.restartIce();
    this.#offer = this.#describe();
    return this.#offer;
  }

  /** @throws DOMException when the answer does not fit the offer. */
  async applyAnswer(sdp: string): Promise<void> {
    const mids = {
      voice: this.midOf('microphone'),
      music: this.midOf('screen_audio'),
      isVoiceMusic: this.#isMicrophoneMusic,
      isNarrow: this.#uplink === 'narrow',
    };
    const opus = withOpusSending(withCandidatesOnce(sdp), mids);
    const applied = this.#uplink === 'all' ? opus : withPausedStreams(opus);
    await this.#pc.setRemoteDescription({ type: 'answer', sdp: applied });
    this.#answer = sdp;
    this.#offer = null;
  }

  /** Null before an offer was made, and after the end. */
  midOf(source: Source): Mid | null {
    return this.#senders.get(source)?.mid ?? null;
  }

  /** Known once an offer was made. */
  slots(): readonly ReceivingSlot[] {
    return this.#receivers.flatMap((transceiver) => {
      const { track } = transceiver.receiver;
      if (transceiver.mid === null) return [];
      return [{ slot: transceiver.mid, kind: track.kind === 'audio' ? 'audio' : 'video', track }];
    });
  }

  /** Switches what a source sends; null sends nothing. Never renegotiates. */
  async send(source: Source, track: MediaStreamTrack | null): Promise<void> {
    if (this.#pc.signalingState === 'closed') return;
    const transceiver = this.#senders.get(source);
    // An empty hint of the caller's is replaced, a deliberate one is kept.
    if (track !== null && track.contentHint === '') track.contentHint = contentHintOf(source);
    await transceiver?.sender.replaceTrack(track);
    if (this.#uplink !== 'all') await this.#activate(source);
    if (source === 'microphone' && track !== null) await this.#setMusic(track.contentHint === 'music');
  }

  /** Music is sent in stereo, without gaps and at four times the rate; the node has no part in that. */
  async #setMusic(isMusic: boolean): Promise<void> {
    if (isMusic === this.#isMicrophoneMusic) return;
    this.#isMicrophoneMusic = isMusic;
    await this.#shapeMicrophone();
  }

  /**
   * Sends no more than the way to the node carries; what was said last holds. The node has no part in that either: it
   * sees that nothing comes of what it asks for.
   */
  async carry(uplink: Uplink): Promise<void> {
    if (uplink === this.#uplink) return;
    const isOtherVoice = (uplink === 'narrow') !== (this.#uplink === 'narrow');
    this.#uplink = uplink;
    await Promise.all(SOURCES.map((source) => this.#activate(source)));
    if (isOtherVoice) await this.#shapeMicrophone();
  }

  async #shapeMicrophone(): Promise<void> {
    const maxBitrate = microphoneMaxBps({
      isMusic: this.#isMicrophoneMusic,
      isNarrow: this.#uplink === 'narrow',
    });
    await this.#adjust('microphone', ({ encodings }) => {
      for (const encoding of encodings) encoding.maxBitrate = maxBitrate;
      return true;
    });
    const answer = this.#answer;
    // While another offer is under way its answer brings the change.
    if (answer === null || this.#pc.signalingState !== 'stable') return;
    try {
      await this.#describe();
      await this.applyAnswer(answer);
    } catch (error) {
      // Its end in between is no trouble of the microphone.
      if (!this.#isClosed()) throw error;
    }
  }

  /** As a call, because the compiler does not see that an await may have changed it. */
  #isClosed(): boolean {
    return this.#pc.signalingState === 'closed';
  }

  /**
   * Encodes what somebody receives and nothing else, the best of a camera so many times smaller; what was said last
   * holds. Never renegotiates.
   */
  async encode(source: Source, wanted: WantedLayers, bestScaleDownBy = 1): Promise<void> {
    const before = this.#wanted.get(source);
    this.#wanted.set(source, wanted);
    if (source === 'camera') {
      this.#bestScaleDownBy = bestScaleDownBy;
      if (before !== undefined && isForNobody(before)) await this.#wake();
    }
    await this.#activate(source);
  }

  /** Of a camera that nobody received, the smallest size: large encoders take the time of some frames to be made. */
  async #wake(): Promise<void> {
    this.#isWaking = true;
    await this.#activate('camera');
    await new Promise((resolve) => setTimeout(resolve, WAKING_MS));
    this.#isWaking = false;
  }

  /** Sends a camera in no more than this; what was said last holds. Never renegotiates. */
  async limitCamera(limit: CameraLimit): Promise<void> {
    this.#cameraLimit = limit;
    await this.#activate('camera');
  }

  /**
   * Sends the camera in this codec from its next keyframe on; what was said last holds. Never renegotiates. Where the
   * browser cannot, or the codec was not agreed on, it goes on as before.
   */
  async useCodec(codec: CameraCodec): Promise<void> {
    await this.#adjust('camera', (parameters) => chooseCodec(parameters, codec));
  }

  async #activate(source: Source): Promise<void> {
    await this.#adjust(source, ({ encodings }) => {
      const [wanted, fits] = [this.#wanted.get(source) ?? true, this.#fits(source)];
      if (source === 'camera') {
        const [limit, bestScaleDownBy, isWaking] = [this.#cameraLimit, this.#bestScaleDownBy, this.#isWaking];
        return shapeCamera(encodings, { wanted, limit, fits, bestScaleDownBy, isWaking });
      }
      const active = activeEncodings(encodings, wanted).map((isWanted) => isWanted && fits);
      if (active.every((isActive, index) => encodings[index]?.active === isActive)) return false;
      encodings.forEach((encoding, index) => (encoding.active = active[index] ?? true));
      return true;
    });
  }

  /** A sender that is idle keeps the browser's estimate of a path above what it would take: on a narrow one it matters. */
  #fits(source: Source): boolean {
    if (this.#uplink === 'all' || source === 'microphone') return true;
    const isSound = source === 'screen_audio';
    const isIdle = this.#senders.get(source)?.sender.track === null;
    return this.#uplink === 'voice' ? isSound || isIdle : isSound && !isIdle;
  }

  /** Encodes the screen by what is on it; what was said last holds. Never renegotiates. */
  async shapeScreen(shape: ScreenShape): Promise<void> {
    await this.#adjust('screen', (parameters) => {
      parameters.degradationPreference = shape.degradationPreference;
      for (const encoding of parameters.encodings) Object.assign(encoding, shapedEncoding(shape));
      return true;
    });
  }

  /** Parameters may be set only on the latest ones read: changes of one sender wait for each other. */
  async #adjust(source: Source, change: (parameters: RTCRtpSendParameters) => boolean): Promise<void> {
    const sender = this.#senders.get(source)?.sender;
    if (sender === undefined) return;
    const turn = (this.#encoding.get(source) ?? Promise.resolve()).then(async () => {
      if (this.#pc.signalingState === 'closed') return;
      const parameters = sender.getParameters();
      if (change(parameters)) await sender.setParameters(parameters);
    });
    // A browser that refuses goes on sending as before, which is no harm but waste.
    const settled = turn.catch(() => undefined);
    this.#encoding.set(source, settled);
    await settled;
  }

  async sampleStats(): Promise<ConnectionStats> {
    const report = await this.#readStats();
    return condenseStats((report as ReadonlyMap<string, unknown>).values());
  }

  /** Nothing was sent yet where there is no offer. */
  async sampleVoice(): Promise<VoiceSample> {
    return readVoiceLoss((await this.#readStats()).values(), this.midOf('microphone'));
  }

  /** Null while no path is up. */
  async samplePath(): Promise<PathSample | null> {
    return readPath(await this.#readStats());
  }

  async details(): Promise<ConnectionDetails> {
    return readDetails(await this.#readStats());
  }

  /** Once for all who ask while it goes on: a browser describes every stream anew each time. */
  #readStats(): Promise<RTCStatsReport> {
    this.#reading ??= this.#pc.getStats().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #describe(): Promise<string> {
    const { sdp = '' } = await this.#pc.createOffer();
    const offer = { type: 'offer' as const, sdp: withStereoReceiving(sdp) };
    await this.#pc.setLocalDescription(offer);
    // Candidates are not waited for: the node is ICE-lite and learns ours from the checks themselves.
    return offer.sdp;
  }

  close(): void {
    this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }

  #addSender(source: Source, cameraCodec: CameraCodec): RTCRtpTransceiver {
    const kind = source === 'microphone' || source === 'screen_audio' ? 'audio' : 'video';
    const transceiver = this.#pc.addTransceiver(kind, {
      direction: 'sendonly',
      sendEncodings: encodingsOf(source, cameraCodec),
    });
    const isChosen = source === 'camera' && cameraCodec !== 'vp8';
    const use: Use = {
      kind,
      direction: 'sending',
      isCamera: source === 'camera',
      ...(isChosen ? { first: cameraCodec } : {}),
    };
    preferCodecs(transceiver, use, RTCRtpSender.getCapabilities(kind));
    // VP8 tells its layers itself.
    if (isChosen) describeLayers(transceiver);
    return transceiver;
  }

  /** As many of those that are still missing. */
  #addReceivers(most: number): void {
    const made = this.#receivers.length;
    for (const kind of SLOTS.slice(made, made + most)) this.#receivers.push(this.#addReceiver(kind));
  }

  #addReceiver(kind: Kind): RTCRtpTransceiver {
    const transceiver = this.#pc.addTransceiver(kind, { direction: 'recvonly' });
    preferCodecs(transceiver, { kind, direction: 'receiving' }, RTCRtpReceiver.getCapabilities(kind));
    if (kind === 'video') describeLayers(transceiver);
    return transceiver;
  }
}

/** At once when the page has nothing else to do, which a timer is not. */
function afterTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

function preferCodecs(
  transceiver: RTCRtpTransceiver,
  use: Use,
  capabilities: RTCRtpCapabilities | null,
): void {
  const codecs = preferredCodecs(use, capabilities?.codecs ?? []);
  if (codecs.length > 0) transceiver.setCodecPreferences(codecs);
}

function pathOf(state: RTCPeerConnectionState): MediaPath {
  switch (state) {
    case 'connected':
      return 'up';
    case 'disconnected':
      return 'interrupted';
    case 'failed':
    case 'closed':
      return 'failed';
    case 'new':
    case 'connecting':
      return 'new';
  }
}
