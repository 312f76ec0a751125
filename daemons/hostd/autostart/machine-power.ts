import type { ManagedObjectReference } from '../../../lib/vim/index.js';
import { type TaskManager, VimFault } from '../../../lib/vim-server/index.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import { startPowerOff, startPowerOn } from '../mo/virtual-machine-power.js';

export interface MachinePowerDependencies {
  readonly tasks: TaskManager;
  machine(moid: string): VirtualMachine | undefined;
}

/** Powers machines on and off as the host's own doing, by tasks that everybody sees. */
export class MachinePower {
  readonly #dependencies: MachinePowerDependencies;

  constructor(dependencies: MachinePowerDependencies) {
    this.#dependencies = dependencies;
  }

  isRunning(moid: string): boolean {
    return this.#dependencies.machine(moid)?.powerState === 'poweredOn';
  }

  /** Resolves when the task is over, however it went. */
  powerOn(moid: string): Promise<void> {
    return this.#run(moid, vm => startPowerOn(vm, undefined));
  }

  /** As {@link powerOn}. */
  powerOff(moid: string): Promise<void> {
    return this.#run(moid, vm => startPowerOff(vm, undefined));
  }

  async #run(moid: string, start: (vm: VirtualMachine) => ManagedObjectReference): Promise<void> {
    const vm = this.#dependencies.machine(moid);
    if (vm === undefined) return;
    try {
      await this.#over(start(vm));
    } catch (error) {
      // Somebody else's task holds the machine: it is left to that one.
      if (!(error instanceof VimFault)) throw error;
    }
  }

  #over(task: ManagedObjectReference): Promise<void> {
    return new Promise(resolve => {
      const stop = this.#dependencies.tasks.onTask(({ value }) => {
        if (value.key !== task.value || (value.state !== 'success' && value.state !== 'error')) return;
        stop();
        resolve();
      });
    });
  }
}
