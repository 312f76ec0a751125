import { readFileSync } from 'node:fs';

const TICK_US = 10_000;
const MAX_PROCESSES = 512;

/**
 * CPU time of the service console: every process below its roots, with what their dead children used. Read once a
 * second; a process that Linux took away meanwhile has left its time with its parent.
 */
export class ConsoleTime {
  #us = 0;
  /** Time that processes took along whose parents do not wait for them. */
  #takenAlongUs = 0;

  /** The console's roots are init's children but the VMkernel: nobody inside can say otherwise. */
  constructor(
    private readonly initPid: number,
    private readonly vmkernelPid: number,
  ) {}

  /** Never runs backwards, although a process whose parent does not wait for it takes its time along. */
  readUs(): number {
    let sum = 0;
    const queue = childrenOf(this.initPid).filter(pid => pid !== this.vmkernelPid);
    for (let i = 0; i < queue.length && i < MAX_PROCESSES; i++) {
      const pid = queue[i];
      if (pid === undefined) break;
      sum += cpuUs(pid);
      queue.push(...childrenOf(pid));
    }
    this.#takenAlongUs = Math.max(this.#takenAlongUs, this.#us - sum);
    this.#us = sum + this.#takenAlongUs;
    return this.#us;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // The process ended between two looks.
    return '';
  }
}

function cpuUs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  return (user + system + childUser + childSystem) * TICK_US;
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}
