import type { ResourcePoolEventArgument } from '../../../lib/vim/index.js';
import type { EventCause, EventManager } from '../../../lib/vim-server/index.js';
import type { ResourcePool } from '../mo/resource-pool.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';

/** Whose doing it was; nobody's where something beside hostd did it. */
export type PoolCause = Omit<EventCause, 'entity'>;

/** Where a pool or machine went from and to. */
export interface PoolMove {
  readonly from: ResourcePool;
  readonly to: ResourcePool;
}

/** Events of resource pools, posted of what the VMkernel tells: who asked for it does not matter. */
export class PoolEvents {
  readonly #events: EventManager;

  constructor(events: EventManager) {
    this.#events = events;
  }

  created(pool: ResourcePool, cause: PoolCause): void {
    const parent = argument(pool.container ?? pool);
    this.#events.post(
      'ResourcePoolCreatedEvent',
      { resourcePool: argument(pool), parent },
      { ...cause, entity: pool },
    );
  }

  reconfigured(pool: ResourcePool, cause: PoolCause): void {
    const fields = { resourcePool: argument(pool) };
    this.#events.post('ResourcePoolReconfiguredEvent', fields, { ...cause, entity: pool });
  }

  moved(pool: ResourcePool, { from, to }: PoolMove, cause: PoolCause): void {
    const fields = { resourcePool: argument(pool), oldParent: argument(from), newParent: argument(to) };
    this.#events.post('ResourcePoolMovedEvent', fields, { ...cause, entity: pool });
  }

  destroyed(pool: ResourcePool, cause: PoolCause): void {
    const fields = { resourcePool: argument(pool) };
    this.#events.post('ResourcePoolDestroyedEvent', fields, { ...cause, entity: pool });
  }

  vmMoved(vm: VirtualMachine, { from, to }: PoolMove, cause: PoolCause): void {
    const fields = { template: false, oldParent: argument(from), newParent: argument(to) };
    this.#events.post('VmResourcePoolMovedEvent', fields, { ...cause, entity: vm });
  }
}

function argument({ ref, name }: ResourcePool): ResourcePoolEventArgument {
  return { resourcePool: ref, name };
}
