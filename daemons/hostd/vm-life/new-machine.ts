import type { VirtualMachineConfigSpec } from '../../../lib/vim/index.js';
import { VmxDocument } from '../../../lib/vmx/index.js';
import { invalidDatastorePath } from '../inventory/datastore-path.js';
import { type FindDatastore, resolveDatastorePath } from '../inventory/machine-place.js';
import { hardware4 } from '../vm-config/hardware4.js';
import { invalidSpec } from '../vm-config/spec/spec-fault.js';
import { newVmUuid, uuidToVmx } from '../vm-config/uuid.js';
import type { MachineFiles } from './machine-files.js';

export interface NewPlace {
  readonly vmxPath: string;
  readonly folder: string;
  /** Whether the folder is to be made. */
  readonly isNewFolder: boolean;
}

/**
 * Where a new machine's configuration file goes: `[label]` alone gives a folder of its own, `[label] folder` the file's
 * name too.
 * @throws VimFault InvalidDatastorePath, InvalidDatastore, InvalidArgument
 */
export async function newPlace(
  spec: VirtualMachineConfigSpec,
  name: string,
  surroundings: { readonly find: FindDatastore; readonly files: MachineFiles },
): Promise<NewPlace> {
  const { find, files } = surroundings;
  const asked = spec.files?.vmPathName;
  if (asked === undefined || asked === '') throw invalidSpec('files.vmPathName');
  const path = resolveDatastorePath(find, asked);
  const fileName = fileNameOf(name);
  if (path.split('/').length === 4) {
    const taken = new Set((await files.names(path)).map(one => one.toLowerCase()));
    const folder = `${path}/${freeName(fileName, taken)}`;
    return { vmxPath: `${folder}/${fileName}.vmx`, folder, isNewFolder: true };
  }
  const vmxPath = /\.vmx$/i.test(path) ? path : `${path}/${fileName}.vmx`;
  const folder = vmxPath.slice(0, vmxPath.lastIndexOf('/'));
  // A file of another kind in the place of the folder.
  if (/\.[a-z]{3,4}$/i.test(path) && vmxPath !== path) throw invalidDatastorePath(asked);
  return { vmxPath, folder, isNewFolder: !(await files.exists(folder)) };
}

/** A name as a file can have it. */
export function fileNameOf(name: string): string {
  const plain = name.replace(/%[0-9a-f]{2}/gi, '_').replace(/[\\/:*?"<>|%[\]\p{Cc}]/gu, '_');
  return plain.trim().replace(/^\.+/, '_') || 'vm';
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 0; ; number += 1) {
    const candidate = number === 0 ? name : `${name}_${number}`;
    if (!taken.has(candidate.toLowerCase())) return candidate;
  }
}

/** The configuration file of a machine before the spec is applied, in the order the product writes it. */
export function newConfiguration(name: string, baseName: string): VmxDocument {
  const vmx = VmxDocument.empty();
  const settings: readonly (readonly [string, string | number | boolean])[] = [
    ['.encoding', 'UTF-8'],
    ['config.version', '8'],
    ['virtualHW.version', hardware4.number],
    ['floppy0.present', false],
    ['nvram', `${baseName}.nvram`],
    ['powerType.powerOff', 'default'],
    ['powerType.powerOn', 'default'],
    ['powerType.suspend', 'default'],
    ['powerType.reset', 'default'],
    ['displayName', name],
    ['guestOS', 'other'],
    ['memsize', hardware4.memoryMb.default],
    ['numvcpus', 1],
    ['uuid.bios', uuidToVmx(newVmUuid())],
  ];
  for (const [key, value] of settings) vmx.set(key, value);
  return vmx;
}
