import type {
  VirtualController,
  VirtualDeviceConfigSpec,
  VirtualMachineVideoCard,
} from '../../../../lib/vim/index.js';
import { deviceKeys, nodeOfKey } from '../device-keys.js';
import { hardware4 } from '../hardware4.js';
import type { DeviceChange, DeviceKind } from './device-kinds.js';
import { DeviceSlots } from './device-slots.js';
import { diskKind } from './disk-kind.js';
import { ethernetKind } from './ethernet-kind.js';
import { generateAddresses } from './mac-address.js';
import { parallelKind, serialKind } from './port-kinds.js';
import { cdromKind, floppyKind } from './removable-kinds.js';
import { hasSameBacking, withoutBacking } from './same-backing.js';
import { scsiControllerKind } from './scsi-controller-kind.js';
import { type DiskEffects, noEffects, type SpecContext } from './spec-context.js';
import { deviceNotFound, invalidBacking, invalidDevice, invalidOperation } from './spec-fault.js';

const kinds: readonly DeviceKind[] = [
  scsiControllerKind,
  diskKind,
  cdromKind,
  floppyKind,
  ethernetKind,
  serialKind,
  parallelKind,
];

/** Devices of the chipset: they are always there. A spec that adds one means the one there is. */
const fixedKeys: Readonly<Record<string, (busNumber: number) => number>> = {
  VirtualIDEController: bus => deviceKeys.ide + Math.min(Math.max(bus, 0), hardware4.ideControllers - 1),
  VirtualPCIController: () => deviceKeys.pci,
  VirtualPS2Controller: () => deviceKeys.ps2,
  VirtualSIOController: () => deviceKeys.sio,
  VirtualKeyboard: () => deviceKeys.keyboard,
  VirtualPointingDevice: () => deviceKeys.pointing,
  VirtualMachineVideoCard: () => deviceKeys.video,
};

/**
 * Applies a spec's deviceChange: what is removed makes room first, controllers are there before what hangs on them.
 * @returns what is to happen to files
 */
export function applyDeviceChanges(
  specs: readonly VirtualDeviceConfigSpec[],
  context: SpecContext,
): DiskEffects {
  const effects = noEffects();
  const slots = new DeviceSlots(context.vmx);
  const changes = specs.map((spec, index) => changeOf(spec, index, { context, slots, effects }));
  for (const step of order) {
    for (const change of changes) if (stepOf(change) === step) apply(change);
  }
  refuseOwnFiles(effects, context);
  generateAddresses(context.vmx);
  return effects;
}

/** What the guest sends to a port does not go to what it has in its drives. */
function refuseOwnFiles({ output }: DiskEffects, { vmx, place }: SpecContext): void {
  const keys = vmx.keys().filter(key => /^((ide|scsi)\d+:\d+|floppy\d+)\.filename$|^nvram$/i.test(key));
  const own = new Set(keys.map(key => place.pathOf(vmx.get(key) ?? '')));
  for (const { path, deviceIndex } of output) {
    if (own.has(path)) throw invalidBacking(deviceIndex, 'backing.fileName');
  }
}

const order = ['remove', 'removeController', 'addController', 'edit', 'add'];

function stepOf({ operation, device }: DeviceChange): string {
  const isController = device._type?.endsWith('Controller') === true;
  return operation !== 'edit' && isController ? `${operation}Controller` : operation;
}

function changeOf(
  { operation, fileOperation, device }: VirtualDeviceConfigSpec,
  index: number,
  surroundings: Pick<DeviceChange, 'context' | 'slots' | 'effects'>,
): DeviceChange {
  if (operation === undefined) throw invalidOperation(index, {});
  if (fileOperation !== undefined && device._type !== 'VirtualDisk') {
    throw invalidOperation(index, { badFileOp: fileOperation });
  }
  return { ...surroundings, index, operation, fileOperation, device };
}

function apply(change: DeviceChange): void {
  const { device, index, operation, slots } = change;
  const fixed = fixedKeys[device._type ?? ''];
  if (fixed !== undefined) {
    applyFixed(change, fixed);
    return;
  }
  const kind = kinds.find(one => one.types.includes(device._type ?? ''));
  // Also what later virtual hardware has: this one has no place for it.
  if (kind === undefined) throw invalidDevice(index, '');
  if (operation === 'add') {
    const lines = slots.lines(kind.place(change));
    // What is left of a device that was there before is not this one's.
    lines.clear();
    kind.add(lines, change);
    return;
  }
  const lines = existing(change, kind);
  if (operation === 'edit') {
    const target = moved(change, kind, lines);
    kind.edit(target, hasSameBacking(change, kind, target) ? withoutBacking(change) : change);
    return;
  }
  kind.remove?.(lines, change);
  lines.clear();
  if (/^floppy\d$/.test(lines.node)) lines.set('present', false);
}

function applyFixed(change: DeviceChange, keyOf: (busNumber: number) => number): void {
  const { device, index, operation, slots, context } = change;
  if (operation === 'remove') throw invalidOperation(index, { badOp: 'remove' });
  const key = keyOf((device as VirtualController).busNumber ?? 0);
  if (operation === 'add') slots.noteKey(device.key, key);
  else if (device.key !== key) throw deviceNotFound(index);
  const { videoRamSizeInKB } = device as VirtualMachineVideoCard;
  if (device._type !== 'VirtualMachineVideoCard' || videoRamSizeInKB === undefined) return;
  const { min, max } = hardware4.videoRamKb;
  const sizeKb = Number(videoRamSizeInKB);
  if (sizeKb < min || sizeKb > max) throw invalidDevice(index, 'videoRamSizeInKB');
  context.vmx.set('svga.vramSize', sizeKb * 1024);
}

/** @throws VimFault DeviceNotFound when no device of the spec's class has its key */
function existing({ device, index, slots }: DeviceChange, kind: DeviceKind) {
  const node = nodeOfKey(device.key);
  const lines = node === undefined ? undefined : slots.lines(node);
  if (lines === undefined || !lines.isPresent || !isOfKind(lines.node, lines.word('deviceType'), kind)) {
    throw deviceNotFound(index);
  }
  return lines;
}

function isOfKind(node: string, deviceType: string, kind: DeviceKind): boolean {
  const isCdrom = /^(cdrom-image|cdrom-raw|atapi-cdrom)$/.test(deviceType);
  if (node.includes(':')) return kind === (isCdrom ? cdromKind : diskKind);
  const names: readonly (readonly [string, DeviceKind])[] = [
    ['scsi', scsiControllerKind],
    ['ethernet', ethernetKind],
    ['floppy', floppyKind],
    ['serial', serialKind],
    ['parallel', parallelKind],
  ];
  return names.some(([name, one]) => one === kind && node.startsWith(name));
}

/** Takes a drive to the controller and unit that the spec names, if they are others. */
function moved(change: DeviceChange, kind: DeviceKind, lines: ReturnType<typeof existing>) {
  const { device, slots } = change;
  if (!lines.node.includes(':') || device.controllerKey === undefined) return lines;
  const [, bus = '', number = '0', unit = '0'] = /^(ide|scsi)(\d+):(\d+)$/.exec(lines.node) ?? [];
  const base = bus === 'ide' ? deviceKeys.ide : deviceKeys.scsi;
  const isSame =
    device.controllerKey === base + Number(number) &&
    (device.unitNumber === undefined || device.unitNumber === Number(unit));
  if (isSame) return lines;
  const target = slots.lines(kind.place(change));
  lines.moveTo(target);
  return target;
}
