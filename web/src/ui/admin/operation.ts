/** The API's calls about a whole installation, for those who operate it. Keeps nothing. */
import type { RecordingDetails } from '../../meeting/index.ts';
import type { AccountApi } from '../frame/account.ts';
import { fieldsOf, pageOf, queryOf, unreadable, withTexts, type Page } from '../frame/answers.ts';
import type { OwnMeeting } from '../own/meetings.ts';

export interface MediaNode {
  readonly id: string;
  readonly region: string;
  readonly zone: string | null;
  readonly url: string;
  readonly state: 'ready' | 'draining' | 'drained' | 'lost';
  readonly capacityUnits: number;
  readonly usedUnits: number;
  readonly reservedUnits: number;
  /** 0 to 1. */
  readonly cpuBusy: number;
  readonly meetings: number;
  /** While it drains: when whoever is still there is sent away; null where nobody is. */
  readonly drainUntil: string | null;
  readonly lastReportAt: string;
}

export interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly description: string;
  readonly disabled: boolean;
  /** Until then the secret before signs as well. */
  readonly previousSecretExpiresAt: string | null;
}

export interface WebhookDelivery {
  readonly id: string;
  readonly meeting: string;
  readonly number: number;
  readonly type: string;
  /** `failed`: nobody tries again by itself. */
  readonly state: 'retrying' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly attemptedAt: string;
  readonly nextAttemptAt: string | null;
}

export interface WebhookTest {
  readonly delivered: boolean;
  readonly status: number | null;
  readonly error: string | null;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

/** As it is told once, when it is made or rotated. */
export interface WithSecret {
  readonly id: string;
  readonly secret: string | null;
}

export interface Used {
  readonly meetings: number;
  readonly meetingMinutes: number;
  readonly participantMinutes: number;
  readonly egressBytes: number;
}

export interface UsedDay extends Used {
  readonly day: string;
}

export interface Usage {
  readonly from: string;
  readonly to: string;
  readonly total: Used;
  readonly liveMeetings: number | null;
  readonly limits: {
    readonly liveMeetings: number | null;
    readonly participantsPerMeeting: number | null;
  };
  readonly days: readonly UsedDay[];
}

/** What keys of operators may be for; those that open recordings are made with a key that may. */
export const SCOPES = [
  'meetings:read',
  'meetings:write',
  'meetings:join',
  'nodes:read',
  'nodes:write',
  'webhooks',
  'api-keys',
] as const;

/** With these a key is for everything. */
export const EVERY_SCOPE = [...SCOPES, 'recordings:read', 'recordings:write'] as const;

const PAGE = 20;
const RECORDING = ['id', 'meeting', 'state', 'requestedAt'] as const;

export type Operation = ReturnType<typeof operation>;

/** Each rejects with an ApiError. */
export function operation(api: AccountApi) {
  const whole = async <Item>(path: string, names: readonly (keyof Item & string)[]): Promise<Page<Item>> =>
    pageOf<Item>(await api.call('GET', path), names);
  return {
    liveMeetings: (cursor: string | null) =>
      whole<OwnMeeting>(`/meetings${queryOf({ of: 'tenant', state: 'live', limit: PAGE, cursor })}`, [
        'id',
        'code',
        'state',
      ]),
    endMeeting: async (id: string): Promise<void> => {
      await api.call('POST', `/meetings/${encodeURIComponent(id)}/end`, {});
    },

    nodes: () => whole<MediaNode>('/nodes', ['id', 'region', 'state', 'lastReportAt']),
    drain: async (id: string, deadlineSeconds: number | null): Promise<void> => {
      const body = deadlineSeconds === null ? {} : { deadlineSeconds };
      await api.call('POST', `/nodes/${encodeURIComponent(id)}/drain`, body);
    },
    undrain: async (id: string): Promise<void> => {
      await api.call('POST', `/nodes/${encodeURIComponent(id)}/undrain`, {});
    },

    recordings: (state: string | null, cursor: string | null) =>
      whole<RecordingDetails>(
        `/recordings${queryOf({ of: 'tenant', state, limit: PAGE, cursor })}`,
        RECORDING,
      ),
    changeRecording: async (
      id: string,
      change: { readonly retainUntil?: string | null; readonly legalHold?: boolean },
    ): Promise<void> => {
      await api.call('PATCH', `/recordings/${encodeURIComponent(id)}`, change);
    },
    deleteRecording: async (id: string): Promise<void> => {
      await api.call('DELETE', `/recordings/${encodeURIComponent(id)}`);
    },

    ...webhooks(api),

    keys: () => whole<ApiKey>('/api-keys', ['id', 'name', 'createdAt']),
    createKey: async (name: string, scopes: readonly string[]): Promise<WithSecret> =>
      secretOf(await api.call('POST', '/api-keys', { name, scopes })),
    revokeKey: async (id: string): Promise<void> => {
      await api.call('DELETE', `/api-keys/${encodeURIComponent(id)}`);
    },

    usage: async (from: string, to: string): Promise<Usage> =>
      usageOf(await api.call('GET', `/usage${queryOf({ from, to })}`)),
  };
}

function webhooks(api: AccountApi) {
  const one = (id: string): string => `/webhook-endpoints/${encodeURIComponent(id)}`;
  return {
    webhooks: async () => pageOf<WebhookEndpoint>(await api.call('GET', '/webhook-endpoints'), ['id', 'url']),
    createWebhook: async (url: string, events: readonly string[], description: string): Promise<WithSecret> =>
      secretOf(await api.call('POST', '/webhook-endpoints', { url, events, description })),
    switchWebhook: async (id: string, disabled: boolean): Promise<void> => {
      await api.call('PATCH', one(id), { disabled });
    },
    deleteWebhook: async (id: string): Promise<void> => {
      await api.call('DELETE', one(id));
    },
    testWebhook: async (id: string): Promise<WebhookTest> => {
      const body = await api.call('POST', `${one(id)}/test`, {});
      if (typeof fieldsOf(body)['delivered'] !== 'boolean') throw unreadable();
      return body as WebhookTest;
    },
    rotateSecret: async (id: string): Promise<WithSecret> =>
      secretOf(await api.call('POST', `${one(id)}/rotate-secret`, {})),
    deliveries: async (id: string, cursor: string | null) =>
      pageOf<WebhookDelivery>(
        await api.call('GET', `${one(id)}/deliveries${queryOf({ limit: PAGE, cursor })}`),
        ['id', 'type', 'state', 'attemptedAt'],
      ),
    retryDelivery: async (id: string, delivery: string): Promise<void> => {
      await api.call('POST', `${one(id)}/deliveries/${encodeURIComponent(delivery)}/retry`, {});
    },
  };
}

/** A repeated request finds what the first one made, but no secret. */
function secretOf(body: unknown): WithSecret {
  const { secret } = fieldsOf(body);
  return { id: withTexts<WithSecret>(body, ['id']).id, secret: typeof secret === 'string' ? secret : null };
}

function usageOf(body: unknown): Usage {
  const { total, days, from } = fieldsOf(body);
  if (typeof from !== 'string' || !Array.isArray(days)) throw unreadable();
  fieldsOf(total);
  return body as Usage;
}
