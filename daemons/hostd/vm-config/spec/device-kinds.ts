import type {
  VirtualDevice,
  VirtualDeviceConfigSpec,
  VirtualDeviceConnectInfo,
} from '../../../../lib/vim/index.js';
import type { DeviceLines } from '../device-lines.js';
import type { DeviceSlots } from './device-slots.js';
import type { DiskEffects, SpecContext } from './spec-context.js';

/** One entry of a spec's deviceChange, with what it may touch. */
export interface DeviceChange {
  readonly index: number;
  readonly operation: 'add' | 'edit' | 'remove';
  readonly fileOperation: VirtualDeviceConfigSpec['fileOperation'];
  readonly device: VirtualDevice;
  readonly context: SpecContext;
  readonly slots: DeviceSlots;
  readonly effects: DiskEffects;
}

/** How devices of a kind are put into a configuration file. */
export interface DeviceKind {
  /** The API's classes of the kind. */
  readonly types: readonly string[];
  /** Chooses where an added device goes, as `ide1:0`. */
  place(change: DeviceChange): string;
  /** Writes what an added device is. */
  add(lines: DeviceLines, change: DeviceChange): void;
  /** Writes what of a device is changed. */
  edit(lines: DeviceLines, change: DeviceChange): void;
  /** What goes with a device that is removed, besides its lines. */
  remove?(lines: DeviceLines, change: DeviceChange): void;
}

/** What is so by default is not written. */
export function writeConnectable(
  lines: DeviceLines,
  connectable: VirtualDeviceConnectInfo | undefined,
): void {
  if (connectable === undefined) return;
  const { startConnected, allowGuestControl } = connectable;
  if (lines.flag('startConnected', true) !== startConnected) lines.set('startConnected', startConnected);
  if (lines.flag('allowGuestConnectionControl', true) !== allowGuestControl) {
    lines.set('allowGuestConnectionControl', allowGuestControl);
  }
}
