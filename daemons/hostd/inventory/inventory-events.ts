import type { EventManager } from '../../../lib/vim-server/index.js';
import type { Datastore } from '../mo/datastore.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';

/** Events of what the VMkernel tells and nobody asked for. */
export class InventoryEvents {
  readonly #events: EventManager;

  constructor(events: EventManager) {
    this.#events = events;
  }

  /** That the machine is off follows by its state; why is known here only. */
  machineFailed(vm: VirtualMachine, reason: string): void {
    this.#events.post('GeneralVmErrorEvent', { message: reason }, { entity: vm });
  }

  /** A guest powered itself off, a vmx died, or something beside hostd powered the machine on. */
  powerChanged(vm: VirtualMachine): void {
    const type = vm.powerState === 'poweredOn' ? 'VmPoweredOnEvent' : 'VmPoweredOffEvent';
    this.#events.post(type, { template: false }, { entity: vm });
  }

  datastoreFound(datastore: Datastore): void {
    this.#events.post('DatastoreDiscoveredEvent', { datastore: argument(datastore) }, { entity: datastore });
  }

  datastoreGone(datastore: Datastore): void {
    const fields = { datastore: argument(datastore) };
    this.#events.post('DatastoreRemovedOnHostEvent', fields, { entity: datastore });
  }

  datastoreRenamed(datastore: Datastore, oldName: string): void {
    const fields = { oldName, newName: datastore.name };
    this.#events.post('DatastoreRenamedOnHostEvent', fields, { entity: datastore });
  }
}

function argument({ ref, name }: Datastore): { datastore: Datastore['ref']; name: string } {
  return { datastore: ref, name };
}
