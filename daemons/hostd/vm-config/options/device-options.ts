import type {
  VirtualDeviceBackingOption,
  VirtualDeviceOption,
  VirtualDiskFlatVer2BackingOption,
  VirtualDiskOption,
  VirtualEthernetCardOption,
  VirtualVideoCardOption,
} from '../../../../lib/vim/index.js';
import { hardware4 } from '../hardware4.js';
import { choice, flag, long, shares, whole } from './option-values.js';

type Typed<T> = T & { readonly _type: string };

const plain = { deprecated: false, plugAndPlay: false, hotRemoveSupported: false };
const connectOption = { startConnected: flag(true, true), allowGuestControl: flag(true, true) };

/** Devices that the builder takes, without controllers. */
export function deviceOptions(): VirtualDeviceOption[] {
  return [diskOption(), ...removableOptions(), ...portOptions(), ...ethernetOptions(), videoOption()];
}

function diskOption(): Typed<VirtualDiskOption> {
  const { min, max } = hardware4.diskCapacityKb;
  const flat: Typed<VirtualDiskFlatVer2BackingOption> = {
    _type: 'VirtualDiskFlatVer2BackingOption',
    type: 'VirtualDiskFlatVer2BackingInfo',
    fileNameExtensions: choice('vmdk'),
    diskMode: choice('persistent', 'independent_persistent', 'independent_nonpersistent'),
    split: flag(false),
    writeThrough: flag(true),
    growable: true,
    hotGrowable: false,
    uuid: false,
    thinProvisioned: flag(true),
    eagerlyScrub: flag(true),
    deltaDiskFormat: choice('redoLogFormat'),
    deltaDiskFormatsSupported: [],
  };
  return {
    _type: 'VirtualDiskOption',
    type: 'VirtualDisk',
    ...plain,
    autoAssignController: flag(true, true),
    backingOption: [flat],
    defaultBackingOptionIndex: 0,
    capacityInKB: long(min, max, 8 * 2 ** 20),
    ioAllocationOption: { limitOption: long(-1, 2 ** 31 - 1, -1), sharesOption: shares(1000) },
  };
}

function removableOptions(): VirtualDeviceOption[] {
  const cdrom: Typed<VirtualDeviceOption> = {
    _type: 'VirtualCdromOption',
    type: 'VirtualCdrom',
    controllerType: 'VirtualIDEController',
    ...plain,
    connectOption,
    backingOption: [
      fileBacking('VirtualCdromIso', 'iso', 'img', 'bin', 'cdr'),
      ...['Atapi', 'Passthrough', 'RemoteAtapi', 'RemotePassthrough'].map(way =>
        deviceBacking(`VirtualCdrom${way}`),
      ),
    ],
    defaultBackingOptionIndex: 0,
  };
  const floppy: Typed<VirtualDeviceOption> = {
    _type: 'VirtualFloppyOption',
    type: 'VirtualFloppy',
    controllerType: 'VirtualSIOController',
    ...plain,
    connectOption,
    backingOption: [
      fileBacking('VirtualFloppyImage', 'flp', 'img', 'ima', 'dsk'),
      deviceBacking('VirtualFloppyDevice'),
      deviceBacking('VirtualFloppyRemoteDevice'),
    ],
    defaultBackingOptionIndex: 0,
  };
  return [cdrom, floppy];
}

function portOptions(): VirtualDeviceOption[] {
  const port = {
    controllerType: 'VirtualSIOController',
    ...plain,
    connectOption,
    defaultBackingOptionIndex: 0,
  };
  const pipe = {
    _type: 'VirtualSerialPortPipeBackingOption',
    type: 'VirtualSerialPortPipeBackingInfo',
    endpoint: choice('server', 'client'),
    noRxLoss: flag(true),
  };
  const serial = {
    _type: 'VirtualSerialPortOption',
    type: 'VirtualSerialPort',
    ...port,
    backingOption: [fileBacking('VirtualSerialPortFile'), deviceBacking('VirtualSerialPortDevice'), pipe],
    yieldOnPoll: flag(true),
  };
  const parallel = {
    _type: 'VirtualParallelPortOption',
    type: 'VirtualParallelPort',
    ...port,
    backingOption: [fileBacking('VirtualParallelPortFile'), deviceBacking('VirtualParallelPortDevice')],
  };
  return [serial, parallel];
}

function ethernetOptions(): VirtualDeviceOption[] {
  return ['VirtualPCNet32', 'VirtualVmxnet', 'VirtualVmxnet2', 'VirtualE1000'].map(type => {
    const option: Typed<VirtualEthernetCardOption> = {
      _type: `${type}Option`,
      type,
      controllerType: 'VirtualPCIController',
      ...plain,
      connectOption,
      backingOption: [deviceBacking('VirtualEthernetCardNetwork')],
      defaultBackingOptionIndex: 0,
      supportedOUI: choice('00:0c:29', '00:50:56'),
      macType: choice('generated', 'manual', 'assigned'),
      wakeOnLanEnabled: flag(true, true),
    };
    return type === 'VirtualPCNet32' ? { ...option, supportsMorphing: false } : option;
  });
}

function videoOption(): Typed<VirtualVideoCardOption> {
  const { min, max, default: normal } = hardware4.videoRamKb;
  return {
    _type: 'VirtualVideoCardOption',
    type: 'VirtualMachineVideoCard',
    controllerType: 'VirtualPCIController',
    ...plain,
    videoRamSizeInKB: long(min, max, normal),
    numDisplays: whole(1, 1),
  };
}

function fileBacking(name: string, ...extensions: readonly string[]): VirtualDeviceBackingOption {
  const option = { _type: `${name}BackingOption`, type: `${name}BackingInfo` };
  return extensions.length === 0
    ? option
    : Object.assign(option, { fileNameExtensions: choice(...extensions) });
}

function deviceBacking(name: string): VirtualDeviceBackingOption {
  const option = { _type: `${name}BackingOption`, type: `${name}BackingInfo` };
  const exclusive = name.endsWith('Passthrough') ? { exclusive: flag(true) } : {};
  return Object.assign(option, { autoDetectAvailable: flag(true) }, exclusive);
}
