import type {
  VirtualDisk,
  VirtualMachineFileLayout,
  VirtualMachineFileLayoutEx,
  VirtualMachineStorageInfo,
  VirtualMachineStorageSummary,
} from '../../../lib/vim/index.js';
import { baseName } from '../inventory/datastore-path.js';
import type { VirtualMachine } from './virtual-machine.js';

/** One file in a machine's folder that is the machine's. */
export interface MachineFile {
  readonly name: string;
  /** As VirtualMachineFileLayoutExFileType has it. */
  readonly type: string;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
}

/** The files of a machine as they were at a time. */
export interface MachineFileList {
  readonly files: readonly MachineFile[];
  readonly timestamp: Date;
}

export function layout(vm: VirtualMachine): VirtualMachineFileLayout | undefined {
  if (vm.config.kind !== 'read') return undefined;
  const named = (type: string): string[] =>
    (vm.files?.files ?? []).filter(file => file.type === type).map(({ name }) => name);
  const [swapFile] = named('swap');
  return {
    configFile: [
      baseName(vm.path.file),
      ...named('extendedConfig'),
      ...named('nvram'),
      ...named('snapshotList'),
    ],
    logFile: named('log'),
    disk: disksOf(vm).map(disk => ({ key: disk.key, diskFile: [diskFile(disk)] })),
    snapshot: [],
    swapFile: swapFile === undefined ? undefined : `${vm.folderPath}${swapFile}`,
  };
}

export function layoutEx(vm: VirtualMachine): VirtualMachineFileLayoutEx | undefined {
  if (vm.files === undefined) return undefined;
  const { files, timestamp } = vm.files;
  const file = files.map(({ name, type, sizeBytes, allocatedBytes }, key) => {
    return { key, name: `${vm.folderPath}${name}`, type, size: sizeBytes, uniqueSize: allocatedBytes };
  });
  const disk = disksOf(vm).map(one => {
    const descriptor = diskFile(one);
    const extent = descriptor.replace(/\.vmdk$/i, '-flat.vmdk');
    const fileKey = file.filter(({ name }) => name === descriptor || name === extent).map(({ key }) => key);
    return { key: one.key, chain: [{ fileKey }] };
  });
  return { file, disk, snapshot: [], timestamp };
}

export function storage(vm: VirtualMachine): VirtualMachineStorageInfo | undefined {
  const { datastore } = vm;
  const use = storageSummary(vm);
  if (use === undefined || datastore === undefined) return undefined;
  const { timestamp, ...figures } = use;
  return { perDatastoreUsage: [{ datastore: datastore.ref, ...figures }], timestamp };
}

/** Uncommitted is what thin disks may still take. */
export function storageSummary(vm: VirtualMachine): VirtualMachineStorageSummary | undefined {
  if (vm.files === undefined) return undefined;
  const { files, timestamp } = vm.files;
  const committed = files.reduce((sum, file) => sum + file.allocatedBytes, 0);
  const uncommitted = files
    .filter(({ type }) => type === 'diskExtent')
    .reduce((sum, { sizeBytes, allocatedBytes }) => sum + Math.max(0, sizeBytes - allocatedBytes), 0);
  return { committed, uncommitted, unshared: committed, timestamp };
}

function disksOf(vm: VirtualMachine): VirtualDisk[] {
  const devices = vm.config.kind === 'read' ? (vm.config.info.hardware.device ?? []) : [];
  return devices.filter(device => device._type === 'VirtualDisk') as VirtualDisk[];
}

function diskFile({ backing }: VirtualDisk): string {
  return backing !== undefined && 'fileName' in backing ? String(backing.fileName) : '';
}
