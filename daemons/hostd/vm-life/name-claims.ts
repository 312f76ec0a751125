import { vimFault } from '../../../lib/vim-server/index.js';
import { parseDatastorePath } from '../inventory/datastore-path.js';
import type { HostInventory } from '../inventory/host-inventory.js';
import { moids } from '../mo/moids.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';

/** Names and configuration files that machines have or are about to have, so that none is given twice. */
export class NameClaims {
  readonly #inventory: HostInventory;
  readonly #names = new Set<string>();
  readonly #vmxPaths = new Set<string>();

  constructor(inventory: HostInventory) {
    this.#inventory = inventory;
  }

  /**
   * Holds a name while `work` gives it to a machine.
   * @param owner the machine whose name it may be already
   * @throws VimFault DuplicateName
   */
  async withName<T>(name: string, owner: VirtualMachine | undefined, work: () => Promise<T>): Promise<T> {
    const other = this.#inventory.names.find('name', name).find(vm => vm !== owner);
    if (other !== undefined || this.#names.has(name)) {
      const fields = { name, object: other?.ref ?? moids.vmFolder };
      throw vimFault('DuplicateName', fields, `The name '${name}' already exists.`);
    }
    return hold(this.#names, name, work);
  }

  /** @throws VimFault AlreadyExists */
  async withVmx<T>(vmxPath: string, work: () => Promise<T>): Promise<T> {
    const other = this.#inventory.vmAt(parseDatastorePath(vmxPath));
    if (other !== undefined || this.#vmxPaths.has(vmxPath)) {
      const fields = { name: other?.pathName ?? vmxPath };
      throw vimFault('AlreadyExists', fields, 'The virtual machine is already registered.');
    }
    return hold(this.#vmxPaths, vmxPath, work);
  }
}

async function hold<T>(held: Set<string>, item: string, work: () => Promise<T>): Promise<T> {
  held.add(item);
  try {
    return await work();
  } finally {
    held.delete(item);
  }
}
