import type { OptionValue, VimSchema, VirtualMachineConfigInfo } from '../../../lib/vim/index.js';
import type { VmxDocument } from '../../../lib/vmx/index.js';
import { cpuAllocation, memoryAllocation } from './allocation.js';
import { guestOsOf } from './guest-os.js';
import { uuidFromVmx } from './uuid.js';
import { type DeviceSurroundings, virtualDevices } from './virtual-devices.js';

export interface ConfigSource {
  readonly vmx: VmxDocument;
  /** The API's name of the configuration file, and of its folder with a slash at the end. */
  readonly vmxPath: string;
  readonly folderPath: string;
  readonly modified: Date;
  readonly datastoreLabel: string;
  readonly datastoreUrl: string;
  readonly surroundings: DeviceSurroundings;
}

/** Keys that have a place of their own in the description; all others are its extraConfig. */
const describedKeys =
  /^(\.encoding|config\.version|virtualhw\.version|displayname|guestos|memsize|numvcpus|annotation|uuid\.bios|sched\.(cpu|mem)\.(min|max|shares|affinity)|(ide|scsi)\d+(:\d+)?\..*|ethernet\d+\.(?!pcislot).*|floppy\d\..*|serial\d\..*|parallel\d\..*)$/;

/** What the API tells of a virtual machine's configuration file. */
export function configInfo(schema: VimSchema, source: ConfigSource): VirtualMachineConfigInfo {
  const { vmx, vmxPath, folderPath, modified } = source;
  const guest = guestOsOf(schema, vmx.get('guestOS') ?? 'other');
  const numCPU = wholeNumber(vmx.get('numvcpus'), 1);
  const memoryMB = wholeNumber(vmx.get('memsize'), 32);
  return {
    changeVersion: modified.toISOString(),
    modified,
    name: vmx.get('displayName') ?? vmxPath,
    guestFullName: guest.fullName,
    version: `vmx-${String(wholeNumber(vmx.get('virtualHW.version'), 4)).padStart(2, '0')}`,
    uuid: uuidFromVmx(vmx.get('uuid.bios')) ?? '00000000-0000-0000-0000-000000000000',
    template: false,
    guestId: guest.guestId,
    alternateGuestName: '',
    annotation: vmx.get('annotation') ?? '',
    files: {
      vmPathName: vmxPath,
      snapshotDirectory: folderPath,
      suspendDirectory: folderPath,
      logDirectory: folderPath,
    },
    flags: {
      disableAcceleration: false,
      enableLogging: vmx.get('logging')?.toLowerCase() !== 'false',
      useToe: false,
      runWithDebugInfo: false,
      monitorType: 'release',
      htSharing: 'any',
    },
    defaultPowerOps: {
      powerOffType: 'soft',
      suspendType: 'hard',
      resetType: 'soft',
      standbyAction: 'powerOnSuspend',
    },
    hardware: { numCPU, numCoresPerSocket: 1, memoryMB, device: virtualDevices(vmx, source.surroundings) },
    cpuAllocation: cpuAllocation(vmx, numCPU),
    memoryAllocation: memoryAllocation(vmx, memoryMB),
    extraConfig: extraConfig(vmx),
    datastoreUrl: [{ name: source.datastoreLabel, url: source.datastoreUrl }],
    swapPlacement: 'inherit',
    bootOptions: { bootDelay: wholeNumber(vmx.get('bios.bootDelay'), 0), enterBIOSSetup: false },
    vAssertsEnabled: false,
    changeTrackingEnabled: false,
  };
}

function extraConfig(vmx: VmxDocument): OptionValue[] {
  const keys = vmx.keys().filter(key => !describedKeys.test(key.toLowerCase()));
  return keys.map(key => ({ key, value: vmx.get(key) ?? '' }));
}

function wholeNumber(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : fallback;
}
