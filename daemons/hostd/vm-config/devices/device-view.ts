import type { ManagedObjectReference, VirtualDeviceConnectInfo } from '../../../../lib/vim/index.js';
import type { DeviceLines } from '../device-lines.js';

export interface DiskFacts {
  readonly capacityKb: number;
  readonly thin: boolean;
}

/** What the devices of a configuration file need to know of the world around it. */
export interface DeviceSurroundings {
  /** Whether the machine runs: only then is a device that starts connected also connected. */
  readonly isPoweredOn: boolean;
  /** What of a running machine is connected, by name, where its vmx says so. */
  readonly connections: Readonly<Record<string, boolean>>;
  /** The API's name of a file that the configuration names, and the datastore it is on. */
  locate(fileName: string): { path: string; datastore: ManagedObjectReference | undefined };
  /** Undefined when its descriptor could not be read. */
  disk(fileName: string): DiskFacts | undefined;
}

/** One device that a configuration file says is present, with its place in the description. */
export interface DeviceView {
  readonly lines: DeviceLines;
  readonly surroundings: DeviceSurroundings;
  /** Bus and unit, or the number. */
  readonly numbers: readonly number[];
}

export function connectable({ lines, surroundings }: DeviceView): VirtualDeviceConnectInfo {
  const startConnected = lines.flag('startConnected', true);
  const now = surroundings.connections[lines.node] ?? startConnected;
  return {
    startConnected,
    allowGuestControl: lines.flag('allowGuestConnectionControl', true),
    connected: surroundings.isPoweredOn && now,
  };
}

export function hostDevice(_type: string, lines: DeviceLines) {
  const deviceName = lines.get('fileName') ?? '';
  const useAutoDetect = deviceName.toLowerCase() === 'auto detect' || lines.flag('autodetect', false);
  return { _type, deviceName: useAutoDetect ? '' : deviceName, useAutoDetect };
}

export function isClientDevice(lines: DeviceLines): boolean {
  return lines.flag('clientDevice', false);
}
