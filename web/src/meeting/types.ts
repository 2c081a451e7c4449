/**
 * What a user of the SDK sees: states, snapshots and the calls of a meeting. Owns no behaviour.
 *
 * Snapshots are immutable: a change makes a new object, an unchanged part keeps its identity, so that they can be
 * handed to React's useSyncExternalStore or compared by reference.
 */
export type * from './types/people.ts';
export type * from './types/meeting.ts';
export type * from './types/joining.ts';
export type * from './types/client.ts';
export type * from './types/chat.ts';
export type * from './types/captions.ts';
export type * from './types/sharing.ts';
export type * from './types/hosting.ts';
