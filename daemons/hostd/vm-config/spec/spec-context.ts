import type { VimSchema } from '../../../../lib/vim/index.js';
import type { VmxDocument } from '../../../../lib/vmx/index.js';

/** What a configuration spec is applied to. The document is edited in place; nothing else happens. */
export interface SpecContext {
  readonly schema: VimSchema;
  readonly vmx: VmxDocument;
  readonly place: VmPlace;
  /** Speed of a PCPU: a file may speak of percent of one. */
  readonly pcpuMhz: number;
}

/** Where a machine's files are and how its configuration file names them. */
export interface VmPlace {
  /** Name of the configuration file without `.vmx`. */
  readonly baseName: string;
  /** `/vmfs/volumes/<volume>/<folder>` of the machine. */
  readonly folderPath: string;
  /**
   * `/vmfs/volumes/<volume>/…` of `[label] …`, of a folder too, without a slash at the end.
   * @throws VimFault InvalidDatastorePath, InvalidDatastore
   */
  resolve(datastorePath: string): string;
  /** What the configuration file calls a file: relative to its folder where it is in it, else the whole path. */
  nameOf(path: string): string;
  /** The file that a name in the configuration file means. */
  pathOf(nameInVmx: string): string;
  /** Whether a file is there, as far as the machine's own folder goes. */
  isTaken(path: string): boolean;
}

export interface DiskCreation {
  readonly path: string;
  readonly capacityKb: number;
  readonly format: 'thin' | 'zeroedthick' | 'eagerzeroedthick';
  readonly adapterType: 'ide' | 'buslogic' | 'lsilogic';
}

/** What is to happen to files, disks above all, so that a changed configuration file is true. */
export interface DiskEffects {
  readonly create: DiskCreation[];
  /** Made anew over what is there. */
  readonly replace: DiskCreation[];
  readonly extend: { readonly path: string; readonly capacityKb: number; readonly deviceIndex: number }[];
  /** Must be there already. */
  readonly require: string[];
  /** Deleted once the configuration file no longer names them. */
  readonly destroy: string[];
  /** Files of ports: what the guest sends goes there. */
  readonly output: { readonly path: string; readonly deviceIndex: number }[];
}

export function noEffects(): DiskEffects {
  return { create: [], replace: [], extend: [], require: [], destroy: [], output: [] };
}
