/** What a page says of itself when it makes a `Meeting`. */
import { Api } from '../api/index.ts';
import type { CameraCodec } from '../rtc/index.ts';
import type { LinkEnvironment } from './linkOptions.ts';
import type { Watch } from './ScreenShare.ts';

export interface MeetingOptions {
  /** Such as `/v1` on the same origin. */
  readonly apiUrl: string;
  /** Of whoever signed in; null, or left out, for a guest. */
  readonly accessToken?: () => Promise<string | null>;
  /**
   * What cameras are sent in while everybody in the meeting decodes it. Left out, with `adapts` it is chosen by what this
   * device has chips and cores for, else it is VP8. VP9 and AV1 look better at the same rate and take more CPU.
   */
  readonly cameraCodec?: CameraCodec;
  /** Shows and sends less than was asked where this device cannot keep up; left out, it does what it is told. */
  readonly adapts?: boolean;
  /** Where the tab remembers who it is; null to be somebody new after each reload. */
  readonly storage?: Storage | null;
  /** For tests. */
  readonly environment?: LinkEnvironment & { readonly fetch?: typeof fetch; readonly watch?: Watch };
}

interface Apis {
  readonly asSelf: Api;
  readonly asParticipant: Api;
}

/** The API as whoever signed in, and as the participant that one is in the meeting. */
export function apisOf(options: MeetingOptions, resumeToken: () => string | null): Apis {
  const { apiUrl, accessToken, environment } = options;
  const api = { apiUrl, ...(environment?.fetch !== undefined && { fetch: environment.fetch }) };
  return {
    asSelf: new Api({ ...api, ...(accessToken !== undefined && { accessToken }) }),
    asParticipant: new Api({ ...api, accessToken: () => Promise.resolve(resumeToken()) }),
  };
}
