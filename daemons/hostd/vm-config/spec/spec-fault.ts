import type {
  VirtualDeviceConfigSpecFileOperation,
  VirtualDeviceConfigSpecOperation,
} from '../../../../lib/vim/index.js';
import { invalidArgument, type VimFault, vimFault } from '../../../../lib/vim-server/index.js';

/** A property of the spec that is not about a device, such as `memoryMB`. */
export function invalidSpec(property: string): VimFault {
  return invalidArgument(`configSpec.${property}`);
}

const deviceMessage = (deviceIndex: number): string => `Invalid configuration for device '${deviceIndex}'.`;

/** @param property within the device, such as `unitNumber`; empty for the device as a whole */
export function invalidDevice(deviceIndex: number, property: string): VimFault {
  const fields = { deviceIndex, property: devicePath(property) };
  return vimFault('InvalidDeviceSpec', fields, deviceMessage(deviceIndex));
}

export function invalidBacking(deviceIndex: number, property = 'backing'): VimFault {
  const fields = { deviceIndex, property: devicePath(property) };
  return vimFault('InvalidDeviceBacking', fields, deviceMessage(deviceIndex));
}

export function missingController(deviceIndex: number): VimFault {
  const fields = { deviceIndex, property: devicePath('controllerKey') };
  return vimFault('MissingController', fields, deviceMessage(deviceIndex));
}

export function invalidController(deviceIndex: number, controllerKey: number): VimFault {
  const fields = { deviceIndex, property: devicePath('controllerKey'), controllerKey };
  return vimFault('InvalidController', fields, deviceMessage(deviceIndex));
}

export function deviceNotFound(deviceIndex: number): VimFault {
  const fields = { deviceIndex, property: devicePath('key') };
  return vimFault('DeviceNotFound', fields, deviceMessage(deviceIndex));
}

export function invalidOperation(
  deviceIndex: number,
  bad: {
    readonly badOp?: VirtualDeviceConfigSpecOperation | undefined;
    readonly badFileOp?: VirtualDeviceConfigSpecFileOperation | undefined;
  },
): VimFault {
  const property = bad.badFileOp === undefined ? 'operation' : 'fileOperation';
  const fields = { deviceIndex, property: `virtualDeviceSpec.${property}`, ...bad };
  return vimFault('InvalidDeviceOperation', fields, deviceMessage(deviceIndex));
}

export function tooManyDevices(): VimFault {
  return vimFault('TooManyDevices', { property: 'configSpec.deviceChange' }, 'There are too many devices.');
}

function devicePath(property: string): string {
  return property === '' ? 'virtualDeviceSpec.device' : `virtualDeviceSpec.device.${property}`;
}
