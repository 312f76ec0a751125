import type {
  OptionValue,
  VimSchema,
  VirtualMachineAffinityInfo,
  VirtualMachineConfigInfo,
} from '../../../lib/vim/index.js';
import type { VmxDocument } from '../../../lib/vmx/index.js';
import { affinitySet, cpuAllocation, memoryAllocation } from './allocation.js';
import { hasPlaceOfItsOwn } from './described-keys.js';
import {
  bootOptions,
  consolePreferences,
  defaultPowerOps,
  flags,
  toolsConfig,
} from './described-settings.js';
import type { DeviceSurroundings } from './devices/device-view.js';
import { virtualDevices } from './devices/virtual-devices.js';
import { guestOsOf } from './guest-os.js';
import { hardware4 } from './hardware4.js';
import { uuidFromVmx } from './uuid.js';

export interface ConfigSource {
  readonly vmx: VmxDocument;
  /** The API's name of the configuration file, and of its folder with a slash at the end. */
  readonly vmxPath: string;
  readonly folderPath: string;
  readonly modified: Date;
  readonly changeVersion: string;
  readonly datastoreLabel: string;
  readonly datastoreUrl: string;
  readonly pcpuMhz: number;
  readonly surroundings: DeviceSurroundings;
}

/** What the API tells of a virtual machine's configuration file. */
export function configInfo(schema: VimSchema, source: ConfigSource): VirtualMachineConfigInfo {
  const { vmx, vmxPath, folderPath, modified, changeVersion } = source;
  const guest = guestOsOf(schema, vmx.get('guestOS') ?? 'other');
  const numCPU = wholeNumber(vmx.get('numvcpus'), 1);
  const memoryMB = wholeNumber(vmx.get('memsize'), hardware4.memoryMb.default);
  const folderIn = (key: string): string => {
    const named = vmx.get(key);
    return named === undefined || named === '' ? folderPath : `${source.surroundings.locate(named).path}/`;
  };
  return {
    changeVersion,
    modified,
    name: vmx.get('displayName') ?? vmxPath,
    guestFullName: guest.fullName,
    version: `vmx-${String(wholeNumber(vmx.get('virtualHW.version'), 4)).padStart(2, '0')}`,
    uuid: uuidFromVmx(vmx.get('uuid.bios')) ?? '00000000-0000-0000-0000-000000000000',
    template: false,
    guestId: guest.guestId,
    instanceUuid: uuidFromVmx(vmx.get('vc.uuid')),
    locationId: uuidFromVmx(vmx.get('uuid.location')),
    alternateGuestName: vmx.get('guestOSAltName') ?? '',
    annotation: vmx.get('annotation') ?? '',
    files: {
      vmPathName: vmxPath,
      snapshotDirectory: folderIn('workingDir'),
      suspendDirectory: folderIn('suspend.directory'),
      logDirectory: folderPath,
    },
    tools: toolsConfig(vmx),
    flags: flags(vmx),
    consolePreferences: consolePreferences(vmx),
    defaultPowerOps: defaultPowerOps(vmx),
    hardware: { numCPU, numCoresPerSocket: 1, memoryMB, device: virtualDevices(vmx, source.surroundings) },
    cpuAllocation: cpuAllocation(vmx, numCPU, source.pcpuMhz),
    memoryAllocation: memoryAllocation(vmx, memoryMB),
    cpuAffinity: affinity(vmx.get('sched.cpu.affinity')),
    memoryAffinity: affinity(vmx.get('sched.mem.affinity')),
    extraConfig: extraConfig(vmx),
    datastoreUrl: [{ name: source.datastoreLabel, url: source.datastoreUrl }],
    swapPlacement: 'inherit',
    bootOptions: bootOptions(vmx),
    vAssertsEnabled: false,
    changeTrackingEnabled: false,
  };
}

function affinity(text: string | undefined): VirtualMachineAffinityInfo | undefined {
  const set = affinitySet(text);
  return set === undefined ? undefined : { affinitySet: set };
}

function extraConfig(vmx: VmxDocument): OptionValue[] {
  const keys = vmx.keys().filter(key => !hasPlaceOfItsOwn(key));
  return keys.map(key => ({ key, value: vmx.get(key) ?? '' }));
}

function wholeNumber(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : fallback;
}
