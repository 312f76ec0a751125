import type {
  ResourceAllocationInfo,
  ResourceConfigSpec,
  VirtualDevice,
  VirtualDeviceBackingInfo,
  VirtualDeviceConfigSpec,
} from '../../../lib/vim/index.js';

/** Parts of configuration specs as clients write them. */
export const added = (
  device: VirtualDevice,
  fileOperation?: VirtualDeviceConfigSpec['fileOperation'],
): VirtualDeviceConfigSpec => ({ operation: 'add', fileOperation, device });

export const edited = (device: VirtualDevice): VirtualDeviceConfigSpec => ({ operation: 'edit', device });

export const removed = (
  device: VirtualDevice,
  fileOperation?: VirtualDeviceConfigSpec['fileOperation'],
): VirtualDeviceConfigSpec => ({ operation: 'remove', fileOperation, device });

export function backing(_type: string, fields: object): VirtualDeviceBackingInfo {
  return { _type, ...fields } as VirtualDeviceBackingInfo;
}

export function device(_type: string, fields: object): VirtualDevice {
  return { _type, key: -1, ...fields } as VirtualDevice;
}

export function lsiController(fields: object = {}): VirtualDevice {
  return device('VirtualLsiLogicController', { key: -100, busNumber: 0, sharedBus: 'noSharing', ...fields });
}

export function flatDisk(fields: object = {}, flat: object = {}): VirtualDevice {
  return device('VirtualDisk', {
    controllerKey: 200,
    unitNumber: 0,
    capacityInKB: 102_400,
    backing: backing('VirtualDiskFlatVer2BackingInfo', { fileName: '', diskMode: 'persistent', ...flat }),
    ...fields,
  });
}

export function isoDrive(fields: object = {}): VirtualDevice {
  return device('VirtualCdrom', {
    controllerKey: 201,
    unitNumber: 0,
    backing: backing('VirtualCdromIsoBackingInfo', { fileName: '[storage1] iso/boot.iso' }),
    connectable: { startConnected: true, allowGuestControl: true, connected: false },
    ...fields,
  });
}

export function adapter(fields: object = {}): VirtualDevice {
  return device('VirtualPCNet32', {
    addressType: 'generated',
    backing: backing('VirtualEthernetCardNetworkBackingInfo', { deviceName: 'VM Network' }),
    ...fields,
  });
}

export function serialPipe(fields: object = {}): VirtualDevice {
  return device('VirtualSerialPort', {
    yieldOnPoll: false,
    backing: backing('VirtualSerialPortPipeBackingInfo', { pipeName: 'com1', endpoint: 'server' }),
    ...fields,
  });
}

export function serialFile(fileName: string, fields: object = {}): VirtualDevice {
  return serialPipe({ backing: backing('VirtualSerialPortFileBackingInfo', { fileName }), ...fields });
}

/** What a new pool is given: nothing reserved, no limit, but for what is said. */
export function poolSpec(
  cpu: ResourceAllocationInfo = {},
  memory: ResourceAllocationInfo = {},
): ResourceConfigSpec {
  const free: ResourceAllocationInfo = {
    reservation: 0,
    expandableReservation: true,
    limit: -1,
    shares: { level: 'normal', shares: 0 },
  };
  return { cpuAllocation: { ...free, ...cpu }, memoryAllocation: { ...free, ...memory } };
}
