import type { TaskInfo } from '../../lib/vim/index.js';
import type { TaskManager, TaskOutcome } from '../../lib/vim-server/index.js';
import type { HostInventory } from './inventory/host-inventory.js';
import { interruptedPool } from './resources/interrupted-pool.js';
import { interruptedPower } from './vm-life/interrupted-power.js';
import type { VmLife } from './vm-life/vm-life.js';

export interface UnfinishedTasksParts {
  readonly tasks: TaskManager;
  inventory(): HostInventory;
  life(): VmLife;
  onError(error: unknown): void;
}

/** Tasks whose hostd died before they ended: they end as what they were to do turned out. */
export class UnfinishedTasks {
  readonly #parts: UnfinishedTasksParts;

  constructor(parts: UnfinishedTasksParts) {
    this.#parts = parts;
  }

  restore(): void {
    this.#parts.tasks.restore(info => this.#outcomeOf(info));
  }

  /** Once the host is known as it is now. */
  settle(): void {
    const { tasks, inventory, onError } = this.#parts;
    if (!tasks.hasUnsettled) return;
    const settled = inventory().settled();
    settled.then(() => tasks.settle(info => this.#outcomeOf(info))).catch(onError);
  }

  #outcomeOf(info: TaskInfo): TaskOutcome | 'later' | undefined {
    const inventory = this.#parts.inventory();
    const known = {
      bootTimeMs: inventory.host?.bootTimeMs,
      hasLooked: inventory.hasLooked,
      vm: (moid: string) => inventory.vms().find(({ ref }) => ref.value === moid),
    };
    return (
      interruptedPower(info, known) ??
      interruptedPool(info, inventory.pools) ??
      this.#parts.life().recovery.outcomeOf(info)
    );
  }
}
