import { type FileStat, VmkernelError } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference, VimSchema } from '../../../lib/vim/index.js';
import { VimFault } from '../../../lib/vim-server/index.js';
import { InvalidDescriptor, parseDescriptor } from '../../../lib/vmdk/index.js';
import { parseVmx, type VmxDocument, VmxError } from '../../../lib/vmx/index.js';
import type { Datastore } from '../mo/datastore.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import { type DiskTable, ReadConfig, type VmConfigState } from '../mo/virtual-machine-state.js';
import { changeVersionOf } from '../vm-config/change-version.js';
import { configInfo } from '../vm-config/config-info.js';
import type { DiskFacts } from '../vm-config/devices/device-view.js';
import { vmxReadBytes } from '../vm-config/vmx-limits.js';
import type { DatastoreFileCalls } from '../vmkernel/vmkernel-link.js';
import { folderOf, formatDatastorePath, parseDatastorePath } from './datastore-path.js';

/** A configuration file that this process has just written. */
export interface WrittenFile {
  readonly bytes: Uint8Array;
  readonly stat: FileStat;
}

export interface ConfigReaderDependencies {
  readonly schema: VimSchema;
  files(): DatastoreFileCalls;
  /** By volume id or label. */
  datastore(name: string): Datastore | undefined;
  pcpuMhz(): number;
}

const maxDescriptorBytes = 1 << 20;

/** Reads what a machine's files say of it. */
export class VmConfigReader {
  readonly #dependencies: ConfigReaderDependencies;

  constructor(dependencies: ConfigReaderDependencies) {
    this.#dependencies = dependencies;
  }

  /** Never fails: a file that cannot be had or understood is a state of the machine. */
  async read(vm: VirtualMachine): Promise<VmConfigState> {
    try {
      const files = this.#dependencies.files();
      const { bytes, modifiedMs } = await files.readDated(vm.vmxPath, 0, vmxReadBytes);
      return await this.#understand(vm, { bytes, modifiedMs });
    } catch (error) {
      if (error instanceof VmkernelError) return { kind: 'inaccessible' };
      throw error;
    }
  }

  /** What the machine's file says that was just written and touched none of its disks. */
  written(vm: VirtualMachine, { bytes, stat }: WrittenFile): Promise<VmConfigState> {
    return this.#understand(vm, { bytes, modifiedMs: stat.modifiedMs }, knownDisks(vm));
  }

  async #understand(
    vm: VirtualMachine,
    { bytes, modifiedMs }: { readonly bytes: Uint8Array; readonly modifiedMs: number },
    known?: DiskTable,
  ): Promise<VmConfigState> {
    try {
      const vmx = parseVmx(bytes);
      const file = { vmx, modifiedMs, changeVersion: changeVersionOf(bytes, modifiedMs) };
      const disks = await this.#diskFacts(vm, vmx, known);
      return new ReadConfig(vmx, disks, () => this.#describe(vm, { ...file, disks }));
    } catch (error) {
      if (error instanceof VmxError) return { kind: 'invalid', reason: error.message };
      throw error;
    }
  }

  #describe(
    vm: VirtualMachine,
    {
      vmx,
      modifiedMs,
      changeVersion,
      disks,
    }: {
      readonly vmx: VmxDocument;
      readonly modifiedMs: number;
      readonly changeVersion: string;
      readonly disks: DiskTable;
    },
  ) {
    const datastore = this.#dependencies.datastore(vm.path.datastore);
    const surroundings = {
      isPoweredOn: vm.powerState === 'poweredOn',
      connections: vm.run?.connections ?? {},
      locate: (fileName: string) => this.#locate(vm, fileName),
      disk: (fileName: string) => disks.get(fileName),
    };
    return configInfo(this.#dependencies.schema, {
      vmx,
      vmxPath: vm.pathName,
      folderPath: vm.folderPath,
      modified: new Date(modifiedMs),
      changeVersion,
      datastoreLabel: datastore?.name ?? vm.path.datastore,
      datastoreUrl: datastore?.volume.path ?? '',
      pcpuMhz: this.#dependencies.pcpuMhz(),
      surroundings,
    });
  }

  /** Names in a configuration file are relative to its folder, or absolute. */
  #locate(
    vm: VirtualMachine,
    fileName: string,
  ): { path: string; datastore: ManagedObjectReference | undefined } {
    const absolute = this.#absolute(vm, fileName);
    if (absolute === undefined) return { path: fileName, datastore: undefined };
    const datastore = this.#dependencies.datastore(absolute.datastore);
    return {
      path: formatDatastorePath(datastore?.name ?? absolute.datastore, absolute.file),
      datastore: datastore?.ref,
    };
  }

  #absolute(vm: VirtualMachine, fileName: string): { datastore: string; file: string } | undefined {
    if (fileName === '') return undefined;
    const folder = folderOf(vm.path.file);
    const isAbsolute = fileName.startsWith('/');
    const relative = folder === '' ? fileName : `${folder}/${fileName}`;
    try {
      return parseDatastorePath(isAbsolute ? fileName : formatDatastorePath(vm.path.datastore, relative));
    } catch (error) {
      if (error instanceof VimFault) return undefined;
      throw error;
    }
  }

  async #diskFacts(vm: VirtualMachine, vmx: VmxDocument, known?: DiskTable): Promise<DiskTable> {
    const disks = new Map<string, DiskFacts | undefined>();
    for (const key of vmx.keys()) {
      const fileName = /^(?:ide|scsi)\d+:\d+\.filename$/i.test(key) ? vmx.get(key) : undefined;
      if (fileName === undefined || !/\.vmdk$/i.test(fileName)) continue;
      const isKnown = known?.has(fileName) === true;
      disks.set(fileName, isKnown ? known.get(fileName) : await this.#readDisk(vm, fileName));
    }
    return disks;
  }

  /** A disk that is missing or broken is for power-on to refuse. */
  async #readDisk(vm: VirtualMachine, fileName: string): Promise<DiskFacts | undefined> {
    const absolute = this.#absolute(vm, fileName);
    if (absolute === undefined) return undefined;
    const path = `/vmfs/volumes/${absolute.datastore}/${absolute.file}`;
    try {
      const descriptor = parseDescriptor(await this.#dependencies.files().read(path, 0, maxDescriptorBytes));
      const thin = descriptor.get('ddb.thinProvisioned') === '1';
      return { capacityKb: Math.floor(descriptor.capacitySectors / 2), thin };
    } catch (error) {
      if (error instanceof VmkernelError || error instanceof InvalidDescriptor) return undefined;
      throw error;
    }
  }
}

function knownDisks({ config }: VirtualMachine): DiskTable | undefined {
  return config.kind === 'read' ? config.disks : undefined;
}
