import { posix } from 'node:path';
import type { FileStat } from '../../../kernel/abi/index.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';
import type { MachineFile, MachineFileList } from '../mo/virtual-machine-files.js';
import { machineFileType } from '../vm-config/machine-file-type.js';
import type { DatastoreFileCalls } from '../vmkernel/vmkernel-link.js';

/** Looks which files of a machine's folder are the machine's, and how much they take. */
export async function readMachineFiles(
  vm: VirtualMachine,
  files: DatastoreFileCalls,
): Promise<MachineFileList> {
  const baseName = posix.basename(vm.vmxPath).replace(/\.vmx$/i, '');
  const disks = diskNames(vm);
  const entries = await files.list(posix.dirname(vm.vmxPath));
  const found = entries.flatMap(({ name, type, sizeBytes, allocatedBytes }): MachineFile[] => {
    const kind = disks.get(name) ?? machineFileType(name, baseName);
    const isShown = type === 'file' && kind !== undefined && kind !== 'lock';
    return isShown ? [{ name, type: kind, sizeBytes, allocatedBytes }] : [];
  });
  return { files: found, timestamp: new Date() };
}

/** The machine's files as they were last seen, its configuration file as it is now; undefined when it was not seen. */
export function withConfigFile(vm: VirtualMachine, now: FileStat): MachineFileList | undefined {
  const name = posix.basename(vm.vmxPath);
  const seen = vm.files?.files;
  if (seen?.some(file => file.name === name) !== true) return undefined;
  const { sizeBytes, allocatedBytes } = now;
  const files = seen.map(file => (file.name === name ? { ...file, sizeBytes, allocatedBytes } : file));
  return { files, timestamp: new Date() };
}

/** Descriptors beside the configuration file and their extents. */
function diskNames(vm: VirtualMachine): Map<string, string> {
  const vmx = vm.config.kind === 'read' ? vm.config.vmx : undefined;
  const names = (vmx?.keys() ?? []).flatMap(key => {
    const name = /^(ide|scsi)\d+:\d+\.filename$/i.test(key) ? (vmx?.get(key) ?? '') : '';
    return /^[^/]+\.vmdk$/i.test(name) ? [name] : [];
  });
  return new Map(
    names.flatMap(name => [
      [name, 'diskDescriptor'],
      [name.replace(/\.vmdk$/i, '-flat.vmdk'), 'diskExtent'],
    ]),
  );
}
