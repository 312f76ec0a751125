import type {
  GuestOsDescriptor,
  VimSchema,
  VirtualHardwareOption,
  VirtualMachineCapability,
  VirtualMachineConfigOption,
} from '../../../../lib/vim/index.js';
import { guestFullName, identifiers } from '../guest-os.js';
import { hardware4 } from '../hardware4.js';
import { controllerOptions } from './controller-options.js';
import { deviceOptions } from './device-options.js';
import { long, none, shares, whole } from './option-values.js';

/** What a virtual machine of hardware version 4 can be made of here, from the limits that the builder keeps. */
export function configOption(
  schema: VimSchema,
  capabilities: VirtualMachineCapability,
): VirtualMachineConfigOption {
  const guests = identifiers(schema);
  return {
    version: hardware4.key,
    description: 'ESX Server 3.x virtual machine',
    guestOSDescriptor: guests.map(guestDescriptor),
    guestOSDefaultIndex: guests.indexOf('winNetStandardGuest'),
    hardwareOptions: hardwareOptions(),
    capabilities,
    datastore: { unsupportedVolumes: [] },
    supportedMonitorType: ['release', 'debug', 'stats'],
  };
}

function hardwareOptions(): VirtualHardwareOption {
  const { min, max, default: normal } = hardware4.memoryMb;
  return {
    hwVersion: hardware4.number,
    virtualDeviceOption: [...controllerOptions(), ...deviceOptions()],
    deviceListReadonly: false,
    numCPU: [...hardware4.vcpuCounts],
    numCoresPerSocket: whole(1, 1),
    numCpuReadonly: false,
    memoryMB: long(min, max, normal),
    numPCIControllers: whole(1, 1),
    numIDEControllers: whole(hardware4.ideControllers, hardware4.ideControllers),
    numUSBControllers: none,
    numUSBXHCIControllers: none,
    numSIOControllers: whole(1, 1),
    numPS2Controllers: whole(1, 1),
    resourceConfigOption: {
      cpuAllocationOption: { sharesOption: shares(1000) },
      memoryAllocationOption: { sharesOption: shares(10 * hardware4.memoryMb.default) },
    },
  };
}

function guestDescriptor(id: string): GuestOsDescriptor {
  const { vcpuCounts, memoryMb, scsiControllers, scsiUnits, videoRamKb } = hardware4;
  const maxCpus = Math.max(...vcpuCounts);
  return {
    id,
    family: familyOf(id),
    fullName: guestFullName(id),
    supportedMaxCPUs: maxCpus,
    numSupportedPhysicalSockets: maxCpus,
    numSupportedCoresPerSocket: 1,
    supportedMinMemMB: memoryMb.min,
    supportedMaxMemMB: memoryMb.max,
    recommendedMemMB: 256,
    recommendedColorDepth: 0,
    supportedDiskControllerList: [
      'VirtualBusLogicController',
      'VirtualLsiLogicController',
      'VirtualIDEController',
    ],
    recommendedSCSIController: 'VirtualLsiLogicController',
    recommendedDiskController: 'VirtualLsiLogicController',
    supportedNumDisks: scsiControllers * scsiUnits,
    recommendedDiskSizeMB: 8192,
    recommendedCdromController: 'VirtualIDEController',
    supportedEthernetCard: ['VirtualPCNet32', 'VirtualVmxnet', 'VirtualVmxnet2', 'VirtualE1000'],
    recommendedEthernetCard: 'VirtualPCNet32',
    supportsSlaveDisk: true,
    smcRequired: false,
    supportsWakeOnLan: true,
    supportsVMI: false,
    supportsMemoryHotAdd: false,
    supportsCpuHotAdd: false,
    supportsCpuHotRemove: false,
    supportedFirmware: ['bios'],
    recommendedFirmware: 'bios',
    supports3D: false,
    recommended3D: false,
    smcRecommended: false,
    ich7mRecommended: false,
    usbRecommended: false,
    supportLevel: 'supported',
    supportedForCreate: true,
    vRAMSizeInKB: whole(videoRamKb.min, videoRamKb.max, videoRamKb.default),
  };
}

const families: readonly (readonly [RegExp, string])[] = [
  [/^(dos|win)/, 'windowsGuest'],
  [/^netware/, 'netwareGuest'],
  [/^solaris/, 'solarisGuest'],
  [/^darwin/, 'darwinGuestFamily'],
  [
    /linux|^(redhat|rhel|centos|oracle|suse|sles|nld|oes|sjds|mandr|turbo|ubuntu|debian|asianux|opensuse|fedora|coreos|vmwarePhoton)/i,
    'linuxGuest',
  ],
];

function familyOf(id: string): string {
  return families.find(([form]) => form.test(id))?.[1] ?? 'otherGuestFamily';
}
