import { SCHED_FIFO, SCHED_OTHER, setSchedulingClass } from '../../../lib/linux/index.js';

const RT_PRIORITY = 1;
const NICE = -15;

/**
 * A thread that serves I/O must not wait behind a vCPU that spins (4 ms in the same class). It works for tens of µs at
 * a time and below the scheduler's priority. Where Linux refuses, it runs as it is.
 */
export function raisePriority(): void {
  if (setSchedulingClass(0, SCHED_FIFO, RT_PRIORITY) !== 0) setSchedulingClass(0, SCHED_OTHER, 0, NICE);
}
