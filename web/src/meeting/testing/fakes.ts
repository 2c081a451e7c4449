/** The edge of a browser for tests of Meeting: sockets, peer connections and the API, driven by the test. */
import { vi } from 'vitest';

export class FakeSocket {
  readyState = 0;
  readonly url: string;
  readonly sent: Record<string, unknown>[] = [];
  closeCode: number | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(url: string) {
    this.url = url;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(code: number): void {
    this.readyState = 3;
    this.closeCode = code;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  /** The other end or the network ends it. */
  die(code = 1006, reason = ''): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  sentOf(type: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message['type'] === type);
  }
}

interface FakeParameters {
  readonly codecs: readonly { readonly mimeType: string; readonly clockRate: number }[];
  readonly encodings: { rid?: string; active: boolean; codec?: { mimeType: string } }[];
}

/** What the other end agreed on. */
const AGREED = ['video/VP8', 'video/H264'].map((mimeType) => ({ mimeType, clockRate: 90_000 }));

class FakeTransceiver {
  mid: string | null = null;
  readonly receiver: { readonly track: { readonly kind: string; readonly label: string } };
  readonly sender = {
    track: null as unknown,
    replaceTrack: (track: unknown): Promise<void> => {
      this.sender.track = track;
      return Promise.resolve();
    },
    getParameters: (): FakeParameters => structuredClone(this.#parameters),
    setParameters: (parameters: FakeParameters): Promise<void> => {
      this.#parameters = structuredClone(parameters);
      return Promise.resolve();
    },
  };
  #parameters: FakeParameters;

  constructor(kind: string, label: string, encodings: readonly { readonly rid?: string }[]) {
    this.receiver = { track: { kind, label } };
    this.#parameters = {
      codecs: AGREED,
      encodings: encodings.map((encoding) => ({ ...encoding, active: true })),
    };
  }

  /** The encodings that are sent, by RID where they have one. */
  get active(): readonly string[] {
    return this.#parameters.encodings.filter(({ active }) => active).map(({ rid }) => rid ?? 'all');
  }

  /** What each encoding was told to be sent in; null where the browser chooses. */
  get codecs(): readonly (string | null)[] {
    return this.#parameters.encodings.map(({ codec }) => codec?.mimeType ?? null);
  }

  setCodecPreferences(): void {
    // Codecs are tested with a real browser.
  }
}

const closedError = (): DOMException => new DOMException('it is closed', 'InvalidStateError');

export class FakePeerConnection {
  signalingState = 'stable';
  connectionState = 'new';
  localDescription: { sdp: string } | null = null;
  onconnectionstatechange: (() => void) | null = null;
  onicecandidate: ((event: { candidate: { protocol: string; address: string } | null }) => void) | null =
    null;
  readonly transceivers: FakeTransceiver[] = [];
  readonly answers: string[] = [];
  restarts = 0;
  offers = 0;
  /** How often its statistics were read. */
  readings = 0;
  stats: ReadonlyMap<string, unknown> = new Map();

  addTransceiver(
    kind: string,
    init: { readonly sendEncodings?: readonly { readonly rid?: string }[] } = {},
  ): FakeTransceiver {
    const label = `${kind}${String(this.transceivers.length)}`;
    const transceiver = new FakeTransceiver(kind, label, init.sendEncodings ?? []);
    this.transceivers.push(transceiver);
    return transceiver;
  }

  createOffer(): Promise<{ type: string; sdp: string }> {
    if (this.signalingState === 'closed') return Promise.reject(closedError());
    this.offers += 1;
    return Promise.resolve({ type: 'offer', sdp: `offer ${String(this.restarts)}` });
  }

  createDataChannel(): void {
    // Something to gather for.
  }

  setLocalDescription(description: { type: string; sdp?: string } = { type: 'offer' }): Promise<void> {
    if (this.signalingState === 'closed') return Promise.reject(closedError());
    this.signalingState = description.type === 'rollback' ? 'stable' : 'have-local-offer';
    this.localDescription = { sdp: description.sdp ?? '' };
    for (const [index, transceiver] of this.transceivers.entries()) transceiver.mid = String(index);
    return Promise.resolve();
  }

  setRemoteDescription(description: { sdp: string }): Promise<void> {
    if (this.signalingState === 'closed') return Promise.reject(closedError());
    if (description.sdp === 'broken') {
      return Promise.reject(new DOMException('cannot parse', 'InvalidAccessError'));
    }
    this.answers.push(description.sdp);
    this.signalingState = 'stable';
    return Promise.resolve();
  }

  restartIce(): void {
    this.restarts += 1;
  }

  getStats(): Promise<ReadonlyMap<string, unknown>> {
    this.readings += 1;
    // As in a browser, it takes longer than a turn of promises.
    return new Promise((resolve) => setTimeout(resolve, 0, this.stats));
  }

  close(): void {
    this.signalingState = 'closed';
    this.connectionState = 'closed';
    for (const transceiver of this.transceivers) transceiver.mid = null;
  }

  become(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

/** Replaces what a browser has and Node has not; vitest takes it back after the test. */
export function stubBrowser(): Readonly<Record<'online' | 'offline' | 'hide', () => void>> {
  const page = new EventTarget();
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('WebSocket', { CONNECTING: 0, OPEN: 1 });
  vi.stubGlobal('navigator', { hardwareConcurrency: 4, userAgent: '' });
  const capabilities = { getCapabilities: () => null };
  vi.stubGlobal('RTCRtpSender', capabilities);
  vi.stubGlobal('RTCRtpReceiver', capabilities);
  vi.stubGlobal('MediaStream', Object);
  vi.stubGlobal('HTMLMediaElement', Object);
  vi.stubGlobal('document', {
    body: { append: () => undefined },
    createElement: () => ({ play: () => Promise.resolve(), remove: () => undefined }),
  });
  return {
    online: () => page.dispatchEvent(new Event('online')),
    offline: () => page.dispatchEvent(new Event('offline')),
    hide: () => page.dispatchEvent(new Event('pagehide')),
  };
}

export class FakeStorage {
  readonly values = new Map<string, string>();
  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }
  removeItem(key: string): void {
    this.values.delete(key);
  }
}
