import type {
  VirtualDeviceDeviceBackingInfo,
  VirtualDeviceFileBackingInfo,
} from '../../../../lib/vim/index.js';
import { deviceKeys } from '../device-keys.js';
import type { DeviceLines } from '../device-lines.js';
import { hardware4 } from '../hardware4.js';
import { type DeviceChange, type DeviceKind, writeConnectable } from './device-kinds.js';
import { invalidBacking, invalidDevice } from './spec-fault.js';

/** CD-ROM drives: images, the host's drives, a client's drive. On IDE only. */
export const cdromKind: DeviceKind = {
  types: ['VirtualCdrom'],
  place: ({ device, index, slots }) => slots.onDiskController(device, index, ['ide']),
  add: (lines, change) => {
    if (change.device.backing === undefined) throw invalidBacking(change.index);
    lines.set('present', true);
    writeCdrom(lines, change);
  },
  edit: writeCdrom,
};

function writeCdrom(lines: DeviceLines, change: DeviceChange): void {
  const { device, index } = change;
  writeConnectable(lines, device.connectable);
  const { backing } = device;
  if (backing === undefined) return;
  switch (backing._type) {
    case 'VirtualCdromIsoBackingInfo':
      lines.set('deviceType', 'cdrom-image');
      lines.set(
        'fileName',
        fileNameOf(change, backing as VirtualDeviceFileBackingInfo, /\.(iso|img|bin|cdr)$/i),
      );
      lines.set('clientDevice', undefined);
      return;
    case 'VirtualCdromAtapiBackingInfo':
    case 'VirtualCdromPassthroughBackingInfo':
      writeHostDevice(lines, index, backing as VirtualDeviceDeviceBackingInfo);
      lines.set('deviceType', backing._type.includes('Atapi') ? 'atapi-cdrom' : 'cdrom-raw');
      return;
    case 'VirtualCdromRemoteAtapiBackingInfo':
    case 'VirtualCdromRemotePassthroughBackingInfo':
      lines.set('fileName', '');
      lines.set('deviceType', backing._type.includes('Atapi') ? 'atapi-cdrom' : 'cdrom-raw');
      lines.set('clientDevice', true);
      return;
    default:
      throw invalidBacking(index);
  }
}

export const floppyKind: DeviceKind = {
  types: ['VirtualFloppy'],
  place: ({ device, index, slots }) => {
    slots.requireFixedController(device, index, deviceKeys.sio);
    const { unitNumber } = device;
    if (unitNumber === undefined || unitNumber < 0) return slots.firstFree('floppy', hardware4.floppies);
    const node = `floppy${unitNumber}`;
    if (unitNumber >= hardware4.floppies || slots.isTaken(node)) throw invalidDevice(index, 'unitNumber');
    return node;
  },
  add: (lines, change) => {
    if (change.device.backing === undefined) throw invalidBacking(change.index);
    lines.set('present', true);
    writeFloppy(lines, change);
  },
  edit: writeFloppy,
};

function writeFloppy(lines: DeviceLines, change: DeviceChange): void {
  const { device, index } = change;
  writeConnectable(lines, device.connectable);
  const { backing } = device;
  if (backing === undefined) return;
  switch (backing._type) {
    case 'VirtualFloppyImageBackingInfo':
      lines.set('fileType', 'file');
      lines.set(
        'fileName',
        fileNameOf(change, backing as VirtualDeviceFileBackingInfo, /\.(flp|img|ima|dsk)$/i),
      );
      lines.set('clientDevice', undefined);
      return;
    case 'VirtualFloppyDeviceBackingInfo':
      writeHostDevice(lines, index, backing as VirtualDeviceDeviceBackingInfo);
      lines.set('fileType', 'device');
      return;
    case 'VirtualFloppyRemoteDeviceBackingInfo':
      lines.set('fileName', '');
      lines.set('fileType', 'device');
      lines.set('clientDevice', true);
      return;
    default:
      throw invalidBacking(index);
  }
}

function fileNameOf(
  { index, context: { place } }: DeviceChange,
  { fileName }: VirtualDeviceFileBackingInfo,
  form: RegExp,
): string {
  if (!form.test(fileName)) throw invalidBacking(index, 'backing.fileName');
  return place.nameOf(place.resolve(fileName));
}

function writeHostDevice(
  lines: DeviceLines,
  index: number,
  { deviceName, useAutoDetect }: VirtualDeviceDeviceBackingInfo,
): void {
  if (deviceName === '' && useAutoDetect !== true) throw invalidBacking(index, 'backing.deviceName');
  lines.set('fileName', useAutoDetect === true ? 'auto detect' : deviceName);
  lines.set('autodetect', useAutoDetect === true ? true : undefined);
  lines.set('clientDevice', undefined);
}
