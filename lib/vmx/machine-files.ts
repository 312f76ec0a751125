import { posix } from 'node:path';

const machineFile = /(\.(vmx|lck|vmdk|nvram|vmsd|vmxf|vmtx|vmss|vmsn|vswp)|^vmware(-\d+)?\.log)$/i;

/** Whether a file is, by its name, one that virtual machines consist of: what a guest sends never goes there. */
export function isMachineFile(path: string): boolean {
  return machineFile.test(posix.basename(posix.normalize(path)));
}
