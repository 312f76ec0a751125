import {
  type ManagedObjectReference,
  typeNameOf,
  type VirtualDeviceConfigSpec,
  type VirtualDeviceFileBackingInfo,
  type VirtualDisk,
  type VirtualMachineConfigSpec,
} from '../../../lib/vim/index.js';
import type { Need } from '../../../lib/vim-server/index.js';

type SpecField = keyof VirtualMachineConfigSpec;

/** Privileges of VirtualMachine.Config by the fields of a spec; fields that are not here take Settings. */
const fieldPrivileges: Readonly<Partial<Record<SpecField, string>>> = {
  name: 'Rename',
  annotation: 'Settings',
  version: 'UpgradeVirtualHardware',
  numCPUs: 'CPUCount',
  numCoresPerSocket: 'CPUCount',
  memoryMB: 'Memory',
  cpuAllocation: 'Resource',
  memoryAllocation: 'Resource',
  cpuAffinity: 'Resource',
  memoryAffinity: 'Resource',
  latencySensitivity: 'Resource',
  memoryReservationLockedToMax: 'Resource',
  networkShaper: 'Resource',
  extraConfig: 'AdvancedConfig',
  cpuFeatureMask: 'AdvancedConfig',
  files: 'AdvancedConfig',
  swapPlacement: 'SwapPlacement',
  changeTrackingEnabled: 'DiskLease',
};

/** They say how the change is made, not what is changed, or are asked for one by one. */
const ownRule: ReadonlySet<string> = new Set(['_type', 'changeVersion', 'deviceChange']);

/** What a ReconfigVM_Task takes on the machine. */
export function reconfigureNeeds(vm: ManagedObjectReference, spec: VirtualMachineConfigSpec): Need[] {
  const fields = Object.entries(spec).filter(([name, value]) => value !== undefined && !ownRule.has(name));
  const ofFields = fields.map(([name]) => configPrivilege(fieldPrivileges[name as SpecField] ?? 'Settings'));
  const ofDevices = (spec.deviceChange ?? []).flatMap(devicePrivileges);
  return needs(vm, [...ofFields, ...ofDevices]);
}

/** The machine that a spec is for. */
export interface SpecMachine {
  /** On the datastore that files without a name go to, such as `[storage1] linux/linux.vmx`. */
  readonly path: string;
  disk(key: number): MachineDisk | undefined;
}

export interface MachineDisk {
  readonly path: string;
  readonly capacityKb: number;
}

interface FileNeed {
  /** `[label] …`; without a label it stands for all datastores. */
  readonly path: string;
  readonly privilege: string;
}

/** Backings that a running machine writes to, whatever the file has been before. */
const written = new Set(['VirtualSerialPortFileBackingInfo', 'VirtualParallelPortFileBackingInfo']);

/** What the spec takes on the datastores of the files and folders that it makes, changes or names. */
export function fileNeeds(spec: VirtualMachineConfigSpec, machine: SpecMachine): FileNeed[] {
  const { snapshotDirectory, suspendDirectory, logDirectory } = spec.files ?? {};
  const folders = [snapshotDirectory, suspendDirectory, logDirectory].filter(isNamed);
  return [
    ...folders.map(path => ({ path, privilege: 'Datastore.FileManagement' })),
    ...(spec.deviceChange ?? []).flatMap(change => deviceFileNeeds(change, machine)),
  ];
}

function deviceFileNeeds(change: VirtualDeviceConfigSpec, machine: SpecMachine): FileNeed[] {
  const { operation, device, fileOperation } = change;
  const name = (device.backing as Partial<VirtualDeviceFileBackingInfo> | undefined)?.fileName;
  const isOutput = operation !== 'remove' && written.has(typeNameOf(device.backing) ?? '');
  const isWritten = fileOperation !== undefined || isOutput;
  const needed = isWritten ? 'Datastore.FileManagement' : 'Datastore.Browse';
  const named = isNamed(name) ? [{ path: name, privilege: needed }] : [];
  const changed = changedPath(change, machine, isNamed(name));
  return changed === undefined ? named : [...named, { path: changed, privilege: 'Datastore.FileManagement' }];
}

/** Where the change takes or gives back space beside the file that it names. */
function changedPath(
  { operation, fileOperation, device }: VirtualDeviceConfigSpec,
  machine: SpecMachine,
  isNamed: boolean,
): string | undefined {
  if (operation === 'add') return fileOperation === undefined || isNamed ? undefined : machine.path;
  const disk = machine.disk(device.key);
  if (fileOperation !== undefined) return disk?.path ?? '';
  const isLonger =
    operation === 'edit' && Number((device as Partial<VirtualDisk>).capacityInKB) > (disk?.capacityKb ?? 0);
  return isLonger ? (disk?.path ?? '') : undefined;
}

/** `[]` names no datastore either. */
function isNamed(path: string | undefined): path is string {
  return path !== undefined && path !== '' && path.trim() !== '[]';
}

/** What the spec of a new machine takes on its folder beside VirtualMachine.Inventory.Create. */
export function createNeeds(folder: ManagedObjectReference, spec: VirtualMachineConfigSpec): Need[] {
  const advanced = spec.extraConfig === undefined ? [] : [configPrivilege('AdvancedConfig')];
  const placement = spec.swapPlacement === undefined ? [] : [configPrivilege('SwapPlacement')];
  const ofDisks = (spec.deviceChange ?? []).filter(change => isDisk(change) || isRaw(change));
  return needs(folder, [...advanced, ...placement, ...ofDisks.flatMap(devicePrivileges)]);
}

function devicePrivileges(change: VirtualDeviceConfigSpec): string[] {
  if (isDisk(change)) return diskPrivileges(change).map(configPrivilege);
  const type = typeNameOf(change.device) ?? '';
  if (type === 'VirtualUSB') return [configPrivilege('HostUSBDevice')];
  if (change.operation !== 'edit') {
    return [configPrivilege('AddRemoveDevice'), ...(isRaw(change) ? [configPrivilege('RawDevice')] : [])];
  }
  if (type === 'VirtualCdrom') return ['VirtualMachine.Interact.SetCDMedia'];
  if (type === 'VirtualFloppy') return ['VirtualMachine.Interact.SetFloppyMedia'];
  return [configPrivilege('EditDevice')];
}

function diskPrivileges(change: VirtualDeviceConfigSpec): string[] {
  const raw = isRaw(change) ? ['RawDevice'] : [];
  switch (change.operation) {
    case 'add':
      return [change.fileOperation === undefined ? 'AddExistingDisk' : 'AddNewDisk', ...raw];
    case 'remove':
      return ['RemoveDisk'];
    default:
      return ['EditDevice', 'DiskExtend', ...raw];
  }
}

function isDisk({ device }: VirtualDeviceConfigSpec): boolean {
  return typeNameOf(device) === 'VirtualDisk';
}

/** A backing that is a device of the host's, such as a raw disk mapping. */
function isRaw({ device }: VirtualDeviceConfigSpec): boolean {
  const backing = typeNameOf(device.backing) ?? '';
  const type = typeNameOf(device) ?? '';
  return (
    type === 'VirtualSCSIPassthrough' || backing.includes('RawDisk') || backing.includes('PartitionedRaw')
  );
}

function configPrivilege(name: string): string {
  return `VirtualMachine.Config.${name}`;
}

function needs(on: ManagedObjectReference, privileges: readonly string[]): Need[] {
  return [...new Set(privileges)].map(privilege => ({ on, privilege }));
}
