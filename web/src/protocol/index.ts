/** Messages between a client and its media node. */
export * from './messages.ts';
export { formatClientMessage } from './format.ts';
export { parseNodeMessage, type Parsed } from './parse.ts';
