/** What a Link is told at its start. */
import type { ClientMessage, NodeMessage } from '../protocol/index.ts';
import { canConnect, type CameraCodec, type Connection, type ConnectionOptions } from '../rtc/index.ts';
import type { SocketFactory } from '../signaling/index.ts';
import type { AdmissionOptions } from './Admission.ts';
import type { MeetingState } from './types.ts';

export interface LinkOptions extends Omit<AdmissionOptions, 'isGivenUp'> {
  /** What the offer of a fresh session announces; asked for at each one. */
  readonly announced: (connection: Connection) => Announced;
  readonly onState: (state: MeetingState) => void;
  /** A new connection was made: what is sent has to be attached to it. */
  readonly onConnection: (connection: Connection) => void;
  /** Every message but `answer`; a `joined` comes after its answer was applied. */
  readonly onMessage: (message: NodeMessage) => void;
  /** Something that the node said was skipped. */
  readonly onUnread: (reason: string) => void;
  readonly cameraCodec?: CameraCodec;
  readonly environment?: LinkEnvironment;
}

/** The browser, as far as tests replace it. */
export interface LinkEnvironment {
  readonly openSocket?: SocketFactory;
  readonly createPeerConnection?: NonNullable<ConnectionOptions['createPeerConnection']>;
}

export function hasWebRtc(environment: LinkEnvironment = {}): boolean {
  return environment.createPeerConnection !== undefined || canConnect();
}

type Announced = Pick<Extract<ClientMessage, { type: 'join' }>, 'tracks' | 'decodes'>;
