import type {
  SharesInfo,
  VirtualDevice,
  VirtualDeviceBackingInfo,
  VirtualDisk,
  VirtualDiskFlatVer2BackingInfo,
} from '../../../../lib/vim/index.js';
import { deviceKeys } from '../device-keys.js';
import type { DeviceLines } from '../device-lines.js';
import { described } from './chipset-devices.js';
import { connectable, type DeviceView, hostDevice, isClientDevice } from './device-view.js';

export function isCdrom(lines: DeviceLines): boolean {
  return /^(cdrom-image|cdrom-raw|atapi-cdrom)$/.test(lines.word('deviceType'));
}

/** Key, controller and unit of what is on `ide1:0` or `scsi0:2`. */
function placeOf({ lines, numbers: [bus = 0, unit = 0] }: DeviceView) {
  const isIde = lines.node.startsWith('ide');
  return {
    key: isIde ? deviceKeys.ideDevice + bus * 2 + unit : deviceKeys.scsiDisk + bus * 16 + unit,
    controllerKey: (isIde ? deviceKeys.ide : deviceKeys.scsi) + bus,
    unitNumber: unit,
  };
}

export function disk(view: DeviceView, number: number): VirtualDisk {
  const { lines, surroundings } = view;
  const fileName = lines.get('fileName') ?? '';
  const { capacityKb, thin } = surroundings.disk(fileName) ?? { capacityKb: 0, thin: false };
  const { path, datastore } = surroundings.locate(fileName);
  const backing: VirtualDiskFlatVer2BackingInfo & { _type: string } = {
    _type: 'VirtualDiskFlatVer2BackingInfo',
    fileName: path,
    datastore,
    diskMode: (lines.word('mode') || 'persistent').replace('-', '_'),
    split: false,
    writeThrough: lines.flag('writeThrough', false),
    thinProvisioned: thin,
  };
  return {
    _type: 'VirtualDisk',
    ...placeOf(view),
    deviceInfo: described(`Hard disk ${number}`, `${capacityKb.toLocaleString('en-US')} KB`),
    backing,
    capacityInKB: capacityKb,
    shares: diskShares(lines.word('shares')),
  };
}

/** Normal is a thousand shares. */
function diskShares(word: string): SharesInfo {
  if (word === 'low') return { shares: 500, level: 'low' };
  if (word === 'high') return { shares: 2000, level: 'high' };
  return /^\d{1,7}$/.test(word)
    ? { shares: Number(word), level: 'custom' }
    : { shares: 1000, level: 'normal' };
}

export function cdrom(view: DeviceView, number: number): VirtualDevice {
  const { backing, summary } = cdromBacking(view);
  return {
    _type: 'VirtualCdrom',
    ...placeOf(view),
    deviceInfo: described(`CD/DVD Drive ${number}`, summary),
    backing,
    connectable: connectable(view),
  };
}

function cdromBacking({ lines, surroundings }: DeviceView): {
  backing: VirtualDeviceBackingInfo;
  summary: string;
} {
  const type = lines.word('deviceType');
  if (type === 'cdrom-image') {
    const { path, datastore } = surroundings.locate(lines.get('fileName') ?? '');
    const image = { _type: 'VirtualCdromIsoBackingInfo', fileName: path, datastore };
    return { backing: image, summary: `ISO ${path}` };
  }
  const way = type === 'cdrom-raw' ? 'Passthrough' : 'Atapi';
  const exclusive = way === 'Atapi' ? {} : { exclusive: false };
  if (isClientDevice(lines)) {
    const remote = { _type: `VirtualCdromRemote${way}BackingInfo`, deviceName: '' };
    return { backing: { ...remote, ...exclusive }, summary: `Remote ${way}` };
  }
  const device = hostDevice(`VirtualCdrom${way}BackingInfo`, lines);
  return { backing: { ...device, ...exclusive }, summary: `${way} ${device.deviceName}`.trim() };
}

export function floppy(view: DeviceView): VirtualDevice {
  const { lines, surroundings } = view;
  const [index = 0] = view.numbers;
  const place = {
    _type: 'VirtualFloppy',
    key: deviceKeys.floppy + index,
    controllerKey: deviceKeys.sio,
    unitNumber: index,
    connectable: connectable(view),
  };
  const info = (summary: string) => described(`Floppy drive ${index + 1}`, summary);
  if (lines.word('fileType') === 'file') {
    const { path, datastore } = surroundings.locate(lines.get('fileName') ?? '');
    const backing = { _type: 'VirtualFloppyImageBackingInfo', fileName: path, datastore };
    return { ...place, deviceInfo: info(`Image ${path}`), backing };
  }
  if (isClientDevice(lines)) {
    const backing = { _type: 'VirtualFloppyRemoteDeviceBackingInfo', deviceName: '' };
    return { ...place, deviceInfo: info('Remote'), backing };
  }
  const backing = hostDevice('VirtualFloppyDeviceBackingInfo', lines);
  return { ...place, deviceInfo: info(backing.deviceName), backing };
}
