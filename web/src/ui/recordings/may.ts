/** What the API says that whoever looks may do to a recording now: nothing else is offered. */
import type { RecordingAction, RecordingDetails } from '../../meeting/index.ts';

export function may(recording: RecordingDetails, action: RecordingAction): boolean {
  return recording.actions?.includes(action) === true;
}
