import type {
  VirtualDeviceDeviceBackingInfo,
  VirtualDeviceFileBackingInfo,
  VirtualSerialPort,
  VirtualSerialPortPipeBackingInfo,
} from '../../../../lib/vim/index.js';
import { isMachineFile, isPipeName } from '../../../../lib/vmx/index.js';
import { deviceKeys } from '../device-keys.js';
import type { DeviceLines } from '../device-lines.js';
import { hardware4 } from '../hardware4.js';
import { type DeviceChange, type DeviceKind, writeConnectable } from './device-kinds.js';
import { invalidBacking } from './spec-fault.js';

export const serialKind = portKind('VirtualSerialPort', 'serial', hardware4.serialPorts, writeSerial);
export const parallelKind = portKind(
  'VirtualParallelPort',
  'parallel',
  hardware4.parallelPorts,
  writeParallel,
);

function portKind(
  type: string,
  name: string,
  count: number,
  write: (lines: DeviceLines, change: DeviceChange) => void,
): DeviceKind {
  const writeAll = (lines: DeviceLines, change: DeviceChange): void => {
    writeConnectable(lines, change.device.connectable);
    if (change.device.backing !== undefined) write(lines, change);
  };
  return {
    types: [type],
    place: ({ device, index, slots }) => {
      slots.requireFixedController(device, index, deviceKeys.sio);
      return slots.firstFree(name, count);
    },
    add: (lines, change) => {
      if (change.device.backing === undefined) throw invalidBacking(change.index);
      lines.set('present', true);
      writeAll(lines, change);
    },
    edit: (lines, change) => {
      writeAll(lines, change);
      if (name === 'serial') writeYield(lines, change);
    },
  };
}

function writeYield(lines: DeviceLines, { device }: DeviceChange): void {
  lines.set('yieldOnMsrRead', (device as VirtualSerialPort).yieldOnPoll ? true : undefined);
}

function writeSerial(lines: DeviceLines, change: DeviceChange): void {
  const { device, index } = change;
  const { backing } = device;
  writeYield(lines, change);
  // The port that the host's own console opens is a pipe with a mark; it goes with another backing or name.
  const pipe = backing as VirtualSerialPortPipeBackingInfo;
  const staysConsole =
    backing?._type === 'VirtualSerialPortPipeBackingInfo' && lines.get('fileName') === pipe.pipeName;
  if (!staysConsole) lines.set('console', undefined);
  lines.set('pipe.endPoint', undefined);
  switch (backing?._type) {
    case 'VirtualSerialPortFileBackingInfo':
    case 'VirtualSerialPortDeviceBackingInfo':
      writeFileOrDevice(lines, change);
      return;
    case 'VirtualSerialPortPipeBackingInfo':
      if (!isPipeName(pipe.pipeName)) throw invalidBacking(index, 'backing.pipeName');
      if (pipe.endpoint !== 'client' && pipe.endpoint !== 'server') {
        throw invalidBacking(index, 'backing.endpoint');
      }
      lines.set('fileType', 'pipe');
      lines.set('fileName', pipe.pipeName);
      lines.set('pipe.endPoint', pipe.endpoint);
      if (pipe.noRxLoss !== undefined) lines.set('tryNoRxLoss', pipe.noRxLoss ? true : undefined);
      return;
    default:
      throw invalidBacking(index);
  }
}

function writeParallel(lines: DeviceLines, change: DeviceChange): void {
  const known = ['VirtualParallelPortFileBackingInfo', 'VirtualParallelPortDeviceBackingInfo'];
  if (!known.includes(change.device.backing?._type ?? '')) throw invalidBacking(change.index);
  writeFileOrDevice(lines, change);
}

function writeFileOrDevice(lines: DeviceLines, { device, index, context, effects }: DeviceChange): void {
  const { place } = context;
  const { backing } = device;
  if (backing?._type?.includes('File') === true) {
    const { fileName } = backing as VirtualDeviceFileBackingInfo;
    if (fileName === '') throw invalidBacking(index, 'backing.fileName');
    const path = place.resolve(fileName);
    if (isMachineFile(path)) throw invalidBacking(index, 'backing.fileName');
    effects.output.push({ path, deviceIndex: index });
    lines.set('fileType', 'file');
    lines.set('fileName', place.nameOf(path));
    return;
  }
  const { deviceName, useAutoDetect } = backing as VirtualDeviceDeviceBackingInfo;
  if (deviceName === '' && useAutoDetect !== true) throw invalidBacking(index, 'backing.deviceName');
  lines.set('fileType', 'device');
  lines.set('fileName', useAutoDetect === true ? 'auto detect' : deviceName);
}
