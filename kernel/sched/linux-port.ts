import { readdirSync, readFileSync } from 'node:fs';
import {
  clockUs,
  nowUs,
  pinToCpu,
  processCpuClock,
  SCHED_FIFO,
  SCHED_IDLE,
  SCHED_OTHER,
  SystemError,
  setAffinity,
  setSchedulingClass,
  threadCpuClock,
} from '../../lib/linux/index.js';

/** How Linux is told to treat a world's thread. */
export type ThreadClass = 'granted' | 'waiting';

/** What the scheduler asks of Linux; tests bring a model of it. Clocks answer -1 when their thread is gone. */
export interface LinuxPort {
  nowUs(): number;
  processCpuUs(pid: number): number;
  /** Of a thread of this process. */
  threadCpuUs(tid: number): number;
  pin(tid: number, cpu: number): void;
  /** Keeps all threads of a process to some CPUs, those that it starts later too as long as it is called again. */
  confine(pid: number, cpus: readonly number[]): void;
  /** Whether a thread is stopped, blocked or gone: Linux would not run it if it could. */
  isBlocked(pid: number, tid: number): boolean;
  setClass(tid: number, threadClass: ThreadClass): void;
  /** Makes Linux switch at once to a thread that was of class waiting and is still inside a slice. */
  raise(tid: number): void;
}

const LOWEST_NICE = 19;
const RAISE_PRIORITY = 10;

/**
 * A granted thread is SCHED_OTHER, one whose grant expired SCHED_IDLE (a woken world waits 4 ms behind a spinning
 * SCHED_OTHER one, 0.1 ms behind SCHED_IDLE). Between two runnable threads the change takes effect after 8 ms unless
 * it goes through SCHED_FIFO; none stays there. Without the privilege every thread stays SCHED_OTHER: one that went to
 * SCHED_IDLE could not come back.
 */
export class RealLinuxPort implements LinuxPort {
  readonly #mayChangeClass: boolean;

  constructor(mayChangeClass: boolean) {
    this.#mayChangeClass = mayChangeClass;
  }

  nowUs(): number {
    return nowUs();
  }

  processCpuUs(pid: number): number {
    return clockUs(processCpuClock(pid));
  }

  threadCpuUs(tid: number): number {
    return clockUs(threadCpuClock(tid));
  }

  pin(tid: number, cpu: number): void {
    pinToCpu(tid, cpu);
  }

  confine(pid: number, cpus: readonly number[]): void {
    for (const tid of threadsOf(pid)) {
      try {
        setAffinity(tid, cpus);
      } catch (error) {
        if (!(error instanceof SystemError)) throw error;
        // The thread has ended meanwhile.
      }
    }
  }

  isBlocked(pid: number, tid: number): boolean {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1');
      return stat.charAt(stat.lastIndexOf(')') + 2) !== 'R';
    } catch {
      // It has ended.
      return true;
    }
  }

  setClass(tid: number, threadClass: ThreadClass): void {
    if (!this.#mayChangeClass) return;
    if (threadClass === 'granted') setSchedulingClass(tid, SCHED_OTHER);
    else setSchedulingClass(tid, SCHED_IDLE, 0, LOWEST_NICE);
  }

  raise(tid: number): void {
    if (this.#mayChangeClass) setSchedulingClass(tid, SCHED_FIFO, RAISE_PRIORITY);
  }
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    // The process has ended.
    return [];
  }
}
