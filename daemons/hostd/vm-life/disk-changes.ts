import { type TaskControl, vimFault } from '../../../lib/vim-server/index.js';
import type { DiskEffects } from '../vm-config/spec/spec-context.js';
import { invalidBacking, invalidDevice } from '../vm-config/spec/spec-fault.js';
import type { MachineFiles } from './machine-files.js';

/**
 * Looks at the files that a change names before anything is done.
 * @param ofOthers paths of what the other machines' configurations name
 * @returns the effects that are left to do: a disk that has its size already is not extended
 * @throws VimFault FileAlreadyExists, FileLocked, FileNotFound, InvalidDeviceSpec, InvalidDeviceBacking
 */
export async function checkDisks(
  effects: DiskEffects,
  files: MachineFiles,
  ofOthers: () => ReadonlySet<string>,
): Promise<DiskEffects> {
  checkOwned(effects, ofOthers);
  for (const { path } of effects.create) {
    const flat = path.replace(/\.vmdk$/i, '-flat.vmdk');
    if ((await files.exists(path)) || (await files.exists(flat))) {
      throw vimFault('FileAlreadyExists', { file: path }, `The file ${path} already exists.`);
    }
  }
  for (const path of effects.require) {
    if (!(await files.exists(path)))
      throw vimFault('FileNotFound', { file: path }, `File ${path} was not found.`);
  }
  const extend = [];
  for (const change of effects.extend) {
    const sizeKb = await files.diskSizeKb(change.path);
    if (sizeKb === undefined || sizeKb === change.capacityKb) continue;
    if (change.capacityKb < sizeKb) throw invalidDevice(change.deviceIndex, 'capacityInKB');
    extend.push(change);
  }
  return { ...effects, extend };
}

/** @throws VimFault FileLocked for a disk that another machine's configuration names, InvalidDeviceBacking for a port */
function checkOwned({ destroy, replace, output }: DiskEffects, ofOthers: () => ReadonlySet<string>): void {
  const ended = [...destroy, ...replace.map(({ path }) => path)];
  if (ended.length + output.length === 0) return;
  const foreign = ofOthers();
  for (const file of ended) {
    if (foreign.has(file))
      throw vimFault('FileLocked', { file }, `${file} is another virtual machine's too.`);
  }
  for (const { path, deviceIndex } of output) {
    if (foreign.has(path)) throw invalidBacking(deviceIndex, 'backing.fileName');
  }
}

/**
 * All that has to be there before the configuration file says so. New disks can be cancelled; what is done to disks that
 * there are cannot be undone.
 */
export async function makeDisks(
  { create, replace, extend }: DiskEffects,
  files: MachineFiles,
  control: Pick<TaskControl, 'signal' | 'progress' | 'allowCancel' | 'forbidCancel'>,
): Promise<void> {
  control.allowCancel();
  for (const [index, disk] of create.entries()) {
    const onProgress = (fraction: number): void =>
      control.progress((100 * (index + fraction)) / create.length);
    await files.createDisk(disk, { signal: control.signal, onProgress });
  }
  control.forbidCancel();
  for (const disk of replace) {
    await files.deleteDisk(disk.path);
    await files.createDisk(disk);
  }
  for (const { path, capacityKb } of extend) await files.extendDisk(path, capacityKb);
}

export function touchesDisks({ create, replace, extend, destroy }: DiskEffects): boolean {
  return create.length + replace.length + extend.length + destroy.length > 0;
}
