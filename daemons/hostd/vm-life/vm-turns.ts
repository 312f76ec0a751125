import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import {
  type CallContext,
  managedObjectNotFound,
  type TaskManager,
  type TaskWork,
  vimFault,
} from '../../../lib/vim-server/index.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import { requireNotBusy } from '../mo/virtual-machine-power.js';

/** Reconfigurations that may wait for one machine; a further one is refused with TaskInProgress. */
const maxWaiting = 256;

interface Line {
  count: number;
  last: Promise<unknown>;
}

export interface TurnRequest {
  readonly methodName: string;
  readonly descriptionId: string;
  readonly call: CallContext;
}

/**
 * One change of a machine at a time. Reconfigurations of a machine follow one another; whatever else would change it
 * meanwhile is refused with TaskInProgress, as they are while something else changes it.
 */
export class VmTurns {
  readonly #tasks: TaskManager;
  readonly #lines = new Map<VirtualMachine, Line>();
  readonly #isRegistered: (vm: VirtualMachine) => boolean;

  constructor(tasks: TaskManager, isRegistered: (vm: VirtualMachine) => boolean) {
    this.#tasks = tasks;
    this.#isRegistered = isRegistered;
  }

  /** @throws VimFault TaskInProgress */
  queue(vm: VirtualMachine, request: TurnRequest, work: TaskWork): ManagedObjectReference {
    const line = this.#enter(vm);
    const task = this.#tasks.start({ entity: vm, ...request }, control =>
      this.#turn(vm, line, () => work(control)),
    );
    if (vm.busy === undefined) vm.setBusy(task);
    return task;
  }

  /** As queue, for what is no task. @throws VimFault TaskInProgress */
  async wait(vm: VirtualMachine, work: () => Promise<void>): Promise<void> {
    const line = this.#enter(vm);
    if (vm.busy === undefined) vm.setBusy(vm.ref);
    await this.#turn(vm, line, work);
  }

  /** @throws VimFault TaskInProgress */
  alone(vm: VirtualMachine, request: TurnRequest, work: TaskWork): ManagedObjectReference {
    requireNotBusy(vm);
    const task = this.#tasks.start({ entity: vm, ...request }, async control => {
      // Begins in the next turn, when the machine is marked as busy.
      await Promise.resolve();
      try {
        return await work(control);
      } finally {
        vm.setBusy(undefined);
      }
    });
    vm.setBusy(task);
    return task;
  }

  #enter(vm: VirtualMachine): Line {
    const waiting = this.#lines.get(vm);
    if (waiting === undefined) requireNotBusy(vm);
    if (waiting !== undefined && waiting.count >= maxWaiting) throw tooMany(vm);
    const line = waiting ?? { count: 0, last: Promise.resolve() };
    this.#lines.set(vm, line);
    line.count += 1;
    return line;
  }

  async #turn<T>(vm: VirtualMachine, line: Line, work: () => Promise<T>): Promise<T> {
    const turn = line.last.then(() => {
      if (!this.#isRegistered(vm)) throw managedObjectNotFound(vm.ref);
      return work();
    });
    // The next one's turn comes however this one ends.
    line.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      line.count -= 1;
      if (line.count === 0) this.#leave(vm);
    }
  }

  #leave(vm: VirtualMachine): void {
    this.#lines.delete(vm);
    vm.setBusy(undefined);
  }
}

function tooMany(vm: VirtualMachine) {
  const task = vm.busy ?? vm.ref;
  return vimFault('TaskInProgress', { task }, 'Too many tasks wait for the virtual machine.');
}
