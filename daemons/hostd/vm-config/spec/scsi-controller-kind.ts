import type { VirtualSCSIController } from '../../../../lib/vim/index.js';
import { deviceKeys } from '../device-keys.js';
import type { DeviceLines } from '../device-lines.js';
import { hardware4 } from '../hardware4.js';
import type { DeviceChange, DeviceKind } from './device-kinds.js';
import { invalidDevice, invalidOperation, tooManyDevices } from './spec-fault.js';

/** BusLogic is what a controller without a virtualDev is. */
const virtualDevs: Readonly<Record<string, string | undefined>> = {
  VirtualBusLogicController: 'buslogic',
  VirtualLsiLogicController: 'lsilogic',
};

const sharedBusWords: Readonly<Record<string, string | undefined>> = {
  noSharing: 'none',
  virtualSharing: 'virtual',
  physicalSharing: 'physical',
};

export const scsiControllerKind: DeviceKind = {
  types: Object.keys(virtualDevs),
  place: change => {
    const { device, index, slots } = change;
    slots.requireFixedController(device, index, deviceKeys.pci);
    const { busNumber } = device as VirtualSCSIController;
    const node = placeOf(change, busNumber);
    slots.requirePciSlot();
    slots.noteKey(device.key, deviceKeys.scsi + Number(node.slice('scsi'.length)));
    return node;
  },
  add: write,
  edit: (lines, change) => {
    const { busNumber } = change.device as VirtualSCSIController;
    if (`scsi${busNumber}` !== lines.node) throw invalidDevice(change.index, 'busNumber');
    write(lines, change);
  },
  remove: (lines, { index, slots }) => {
    const units = Array.from({ length: hardware4.scsiUnits + 1 }, (_, unit) => `${lines.node}:${unit}`);
    if (units.some(node => slots.isTaken(node))) throw invalidOperation(index, { badOp: 'remove' });
  },
};

function placeOf({ index, slots }: DeviceChange, busNumber: number): string {
  if (busNumber >= hardware4.scsiControllers) throw invalidDevice(index, 'busNumber');
  if (busNumber < 0) return slots.firstFree('scsi', hardware4.scsiControllers);
  const asked = `scsi${busNumber}`;
  if (!slots.isTaken(asked)) return asked;
  const isFull = Array.from({ length: hardware4.scsiControllers }, (_, n) => slots.isTaken(`scsi${n}`)).every(
    Boolean,
  );
  throw isFull ? tooManyDevices() : invalidDevice(index, 'busNumber');
}

function write(lines: DeviceLines, { device, index }: DeviceChange): void {
  const controller = device as VirtualSCSIController;
  const sharedBus = sharedBusWords[controller.sharedBus];
  if (sharedBus === undefined) throw invalidDevice(index, 'sharedBus');
  lines.set('present', true);
  lines.set('virtualDev', virtualDevs[device._type ?? '']);
  if (sharedBus === 'none') lines.set('sharedBus', undefined);
  else lines.set('sharedBus', sharedBus);
}
