/** The messages of a connection test. Source: docs/signaling.md and protocol/connection-test.schema.json. */
import * as decode from './decode.ts';

export const TEST_SUBPROTOCOL = 'parley-test.v1';

export type TestRequest =
  | { readonly type: 'test'; readonly token: string }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'path'; readonly sdp: string }
  | { readonly type: 'measure' };

export interface TestLimits {
  readonly seconds: number;
  readonly bytes: number;
  readonly bps: number;
}

/** What the node has counted, at most a second ago. */
export interface TestCounts {
  readonly rttMs?: number;
  readonly uplink: {
    readonly packetsReceived: number;
    readonly packetsLost: number;
    readonly bytesReceived: number;
    readonly jitterMs: number;
  };
  readonly downlink: { readonly bytesSent: number; readonly estimateBps?: number };
}

export type TestReply =
  | { readonly type: 'ready'; readonly limits: TestLimits }
  | { readonly type: 'pong'; readonly id: number }
  | { readonly type: 'answer'; readonly sdp: string }
  | ({ readonly type: 'measured' } & TestCounts)
  | { readonly type: 'error'; readonly code: string; readonly message: string };

const { string, number, wholeNumber, positiveInteger, object, optional } = decode;

const DECODERS: Readonly<Record<TestReply['type'], decode.Decoder<object>>> = {
  ready: object({
    limits: object({ seconds: positiveInteger, bytes: positiveInteger, bps: positiveInteger }),
  }),
  pong: object({ id: wholeNumber }),
  answer: object({ sdp: string }),
  measured: object({
    rttMs: optional(number),
    uplink: object({
      packetsReceived: wholeNumber,
      packetsLost: wholeNumber,
      bytesReceived: wholeNumber,
      jitterMs: number,
    }),
    downlink: object({ bytesSent: wholeNumber, estimateBps: optional(wholeNumber) }),
  }),
  error: object({ code: string, message: string }),
};

/** Null for what is no message of this contract. */
export function parseTestReply(text: string): TestReply | null {
  try {
    const value = decode.record(JSON.parse(text), 'message');
    const type = decode.string(value['type'], 'message.type');
    if (!isKnown(type)) return null;
    return { type, ...DECODERS[type](value, 'message') } as TestReply;
  } catch (error) {
    if (error instanceof decode.Malformed || error instanceof SyntaxError) return null;
    throw error;
  }
}

function isKnown(type: string): type is TestReply['type'] {
  return Object.hasOwn(DECODERS, type);
}
