import type { VmInfo } from '../../../kernel/abi/index.js';
import type { VirtualMachineConfigInfo } from '../../../lib/vim/index.js';
import type { VmxDocument } from '../../../lib/vmx/index.js';

/** What hostd knows of a machine's configuration file. */
export type VmConfigState =
  | { readonly kind: 'read'; readonly vmx: VmxDocument; readonly info: VirtualMachineConfigInfo }
  /** The datastore, the file or the VMkernel is away. */
  | { readonly kind: 'inaccessible' }
  | { readonly kind: 'invalid'; readonly reason: string };

/** What the VMkernel says of a machine that is not off. */
export type VmRunState = VmInfo | undefined;
