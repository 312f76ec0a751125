import { parseVmx, type VmConfig } from '../../lib/vmx/index.js';
import { type CallFailure, VmkernelError } from '../abi/index.js';
import type { StorageSystem } from '../storage/index.js';
import type { HostTables } from './host-tables.js';
import type { Admission } from './pools/index.js';
import type { Vm } from './vm.js';
import { readCheckedConfig } from './vm-checks.js';
import { claimOf, demandOf } from './vm-claims.js';

export interface ConfigWriteParts {
  readonly storage: StorageSystem;
  readonly admission: Admission;
  readonly tables: HostTables;
  /** Clock rate of a PCPU: reservations and limits of a .vmx are in MHz. */
  readonly pcpuMhz: number;
}

/**
 * Makes true what a vmx wants its .vmx to say: checked as at power-on, admitted, durable on the datastore, then in the
 * scheduler's tables. One after the other per VM; what is refused changes nothing.
 */
export class ConfigWrites {
  constructor(private readonly parts: ConfigWriteParts) {}

  /** @returns why not, or undefined when it is done */
  async write(vm: Vm, vmxText: string): Promise<CallFailure | undefined> {
    try {
      await vm.inTurn(() => this.#write(vm, vmxText));
      return undefined;
    } catch (error) {
      if (!(error instanceof VmkernelError)) throw error;
      return { code: error.code, message: error.message, details: error.details };
    }
  }

  async #write(vm: Vm, vmxText: string): Promise<void> {
    const { admission, storage, pcpuMhz } = this.parts;
    const { rows } = vm;
    if (rows === null) throw new VmkernelError('InvalidState', `${vm.name} holds nothing yet`);
    const config = readCheckedConfig(vmxText);
    const before = admission.demandOf(rows.vmRow);
    admission.admit(rows.vmRow, demandOf(vm.vmxPath, config, pcpuMhz));
    try {
      await storage.replaceLockedVmx(vm.vmxPath, parseVmx(vmxText).toBytes());
    } catch (error) {
      admission.restore(rows.vmRow, before);
      throw error;
    }
    this.#follow(vm, config);
  }

  #follow(vm: Vm, config: VmConfig): void {
    const { rows } = vm;
    vm.name = config.displayName ?? vm.name;
    if (rows !== null) this.parts.tables.changeVm(rows, vm.name, claimOf(config.cpu, this.parts.pcpuMhz));
  }
}
