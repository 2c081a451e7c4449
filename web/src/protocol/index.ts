/** Messages between a client and its media node. */
export * from './messages.ts';
export { formatClientMessage } from './format.ts';
export { parseNodeMessage, type Parsed } from './parse.ts';
export {
  TEST_SUBPROTOCOL,
  parseTestReply,
  type TestCounts,
  type TestLimits,
  type TestReply,
  type TestRequest,
} from './connectionTest.ts';
