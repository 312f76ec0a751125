import type {
  VirtualDevice,
  VirtualDeviceBackingInfo,
  VirtualEthernetCard,
  VirtualSerialPort,
} from '../../../../lib/vim/index.js';
import { deviceKeys } from '../device-keys.js';
import { described } from './chipset-devices.js';
import { connectable, type DeviceView, hostDevice } from './device-view.js';

const ethernetTypes: Readonly<Record<string, string>> = {
  e1000: 'VirtualE1000',
  vmxnet: 'VirtualVmxnet',
  vmxnet3: 'VirtualVmxnet3',
};

const addressTypes: Readonly<Record<string, string>> = { static: 'manual', vpx: 'assigned' };

export function ethernetCard(view: DeviceView): VirtualEthernetCard {
  const { lines } = view;
  const [index = 0] = view.numbers;
  const network = lines.get('networkName') ?? 'VM Network';
  const plain = ethernetTypes[lines.word('virtualDev')] ?? 'VirtualPCNet32';
  const isEnhanced = plain === 'VirtualVmxnet' && lines.word('features') === '15';
  const addressType = addressTypes[lines.word('addressType')] ?? 'generated';
  const macAddress =
    addressType === 'manual' ? lines.get('address') : (lines.get('generatedAddress') ?? lines.get('address'));
  return {
    _type: isEnhanced ? 'VirtualVmxnet2' : plain,
    key: deviceKeys.ethernet + index,
    deviceInfo: described(`Network adapter ${index + 1}`, network),
    backing: {
      _type: 'VirtualEthernetCardNetworkBackingInfo',
      deviceName: network,
      useAutoDetect: false,
    } as VirtualDeviceBackingInfo,
    connectable: connectable(view),
    controllerKey: deviceKeys.pci,
    unitNumber: 7 + index,
    addressType,
    macAddress: macAddress ?? '',
    wakeOnLanEnabled: lines.flag('wakeOnPcktRcv', true),
  };
}

export function serialPort(view: DeviceView): VirtualSerialPort {
  const { lines } = view;
  const [index = 0] = view.numbers;
  const { backing, summary } = portBacking(view, 'VirtualSerialPort');
  return {
    _type: 'VirtualSerialPort',
    key: deviceKeys.serial + index,
    deviceInfo: described(`Serial port ${index + 1}`, summary),
    backing,
    connectable: connectable(view),
    controllerKey: deviceKeys.sio,
    unitNumber: index + 2,
    yieldOnPoll: lines.flag('yieldOnMsrRead', false),
  };
}

export function parallelPort(view: DeviceView): VirtualDevice {
  const [index = 0] = view.numbers;
  const { backing, summary } = portBacking(view, 'VirtualParallelPort');
  return {
    _type: 'VirtualParallelPort',
    key: deviceKeys.parallel + index,
    deviceInfo: described(`Parallel port ${index + 1}`, summary),
    backing,
    connectable: connectable(view),
    controllerKey: deviceKeys.sio,
    unitNumber: index + 6,
  };
}

function portBacking(
  { lines, surroundings }: DeviceView,
  port: 'VirtualSerialPort' | 'VirtualParallelPort',
): { backing: VirtualDeviceBackingInfo; summary: string } {
  const fileName = lines.get('fileName') ?? '';
  const type = lines.word('fileType');
  if (type === 'file') {
    const { path, datastore } = surroundings.locate(fileName);
    const backing = { _type: `${port}FileBackingInfo`, fileName: path, datastore };
    return { backing, summary: `File ${path}` };
  }
  // "console" is the older word for the port that the host's own console opens.
  if (port === 'VirtualSerialPort' && (type === 'pipe' || type === 'console')) {
    const pipe = {
      _type: 'VirtualSerialPortPipeBackingInfo',
      pipeName: fileName || 'console',
      endpoint: lines.word('pipe.endPoint') || 'server',
      noRxLoss: lines.flag('tryNoRxLoss', false),
    };
    return { backing: pipe, summary: `Pipe ${pipe.pipeName}` };
  }
  const backing = hostDevice(`${port}DeviceBackingInfo`, lines);
  return { backing, summary: backing.deviceName };
}
