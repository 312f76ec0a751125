import type { VmInfo } from '../../../kernel/abi/index.js';
import { lasting, type VirtualMachineConfigInfo } from '../../../lib/vim/index.js';
import type { VmxDocument } from '../../../lib/vmx/index.js';
import type { DiskFacts } from '../vm-config/devices/device-view.js';

/** Its disks by the names that its file has for them; undefined where there is no such disk. */
export type DiskTable = ReadonlyMap<string, DiskFacts | undefined>;

/** A file that was read. Of thousands of machines few are looked at: it is described when somebody asks. */
export class ReadConfig {
  readonly kind = 'read';
  readonly vmx: VmxDocument;
  readonly disks: DiskTable;
  readonly #describe: () => VirtualMachineConfigInfo;
  #info: VirtualMachineConfigInfo | undefined;

  constructor(vmx: VmxDocument, disks: DiskTable, describe: () => VirtualMachineConfigInfo) {
    this.vmx = vmx;
    this.disks = disks;
    this.#describe = describe;
  }

  get info(): VirtualMachineConfigInfo {
    this.#info ??= lasting(this.#describe());
    return this.#info;
  }
}

/** What hostd knows of a machine's configuration file. */
export type VmConfigState =
  | ReadConfig
  /** The datastore, the file or the VMkernel is away. */
  | { readonly kind: 'inaccessible' }
  | { readonly kind: 'invalid'; readonly reason: string };

/** What the VMkernel says of a machine that is not off. */
export type VmRunState = VmInfo | undefined;
