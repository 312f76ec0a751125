import type { EventCause } from '../event/event-cause.js';

/** What the work of a task gets of its task. */
export interface TaskControl {
  /** Aborted with RequestCanceled when a client cancels the task, which it can after {@link allowCancel}. */
  readonly signal: AbortSignal;
  /** Whose doing it is, for the events that the work posts. */
  readonly cause: EventCause;
  /** @param percent 0 to 100; told to clients a few times a second at most */
  progress(percent: number): void;
  /** From here on a client may cancel: the work must look at the signal and end by throwing its reason. */
  allowCancel(): void;
  /** From here on it is too late to cancel. A cancellation that was asked for before throws here. */
  forbidCancel(): void;
}
