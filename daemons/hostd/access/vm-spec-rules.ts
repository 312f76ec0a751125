import {
  type ManagedObjectReference,
  typeNameOf,
  type VirtualDeviceConfigSpec,
  type VirtualDeviceFileBackingInfo,
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

/** Files that the spec's devices are backed by, and the privilege that it takes on their datastores. */
export function backingFiles(spec: VirtualMachineConfigSpec): { path: string; privilege: string }[] {
  return (spec.deviceChange ?? []).flatMap(({ device, fileOperation }) => {
    const path = (device.backing as Partial<VirtualDeviceFileBackingInfo> | undefined)?.fileName;
    if (path === undefined || path === '') return [];
    return [
      { path, privilege: fileOperation === undefined ? 'Datastore.Browse' : 'Datastore.FileManagement' },
    ];
  });
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
