import type {
  VirtualDevice,
  VirtualDeviceConfigSpec,
  VirtualDisk,
  VirtualMachineConfigSpec,
} from '../../lib/vim/index.js';
import { type ManagedObjectReference, typeNameOf } from '../../lib/vim/index.js';
import { CommandError, type HostAgent } from './agent.js';
import type { Command } from './command.js';
import { dumped } from './read-command.js';
import { datastorePath, onVm, wholeNumber } from './targets.js';

const SCSI_KEY = 1000;
const BYTES_PER_KB = 1024;
const UNITS_KB: Readonly<Record<string, number>> = { K: 1, M: 1024, G: 1024 * 1024 };

async function devicesOf(agent: HostAgent, vm: ManagedObjectReference): Promise<VirtualDevice[]> {
  const value = (await agent.read(vm, ['config.hardware.device'])).get('config.hardware.device');
  return Array.isArray(value) ? (value as VirtualDevice[]) : [];
}

async function reconfigure(
  agent: HostAgent,
  vm: ManagedObjectReference,
  change: VirtualDeviceConfigSpec,
): Promise<void> {
  const spec: VirtualMachineConfigSpec = { deviceChange: [change] };
  await agent.waitForTask(await agent.call(vm, 'ReconfigVM_Task', { spec }));
}

const getDevices: Command = {
  name: 'vmsvc/device.getdevices',
  parameters: ['vmid'],
  summary: 'Lists the devices of a virtual machine',
  run: (agent, [vmid = ''], print) =>
    onVm(vmid, async vm => {
      const hardware = (await agent.read(vm, ['config.hardware'])).get('config.hardware');
      print(`Devices:\n\n${dumped(hardware, 'VirtualHardware')}`);
    }),
};

const connection: Command = {
  name: 'vmsvc/device.connection',
  parameters: ['vmid', 'key', 'connect'],
  summary: 'Connects (1) or disconnects (0) a device by its key',
  run: (agent, [vmid = '', key = '', connect = ''], print) =>
    onVm(vmid, async vm => {
      if (connect !== '0' && connect !== '1') throw new CommandError('BadArguments', 'connect is 0 or 1');
      const device = (await devicesOf(agent, vm)).find(one => String(one.key) === key);
      if (device === undefined) throw new CommandError('BadArguments', `There is no device with key ${key}`);
      if (device.connectable === undefined)
        throw new CommandError('BadArguments', `Device ${key} cannot be connected or disconnected`);
      const connectable = { ...device.connectable, connected: connect === '1' };
      await reconfigure(agent, vm, { operation: 'edit', device: { ...device, connectable } });
      print(`Device ${key} is ${connect === '1' ? 'connected' : 'disconnected'}\n`);
    }),
};

const diskAdd: Command = {
  name: 'vmsvc/device.diskadd',
  parameters: ['vmid', 'size', 'controller', 'unit', 'datastore'],
  summary: 'Makes a disk (size in KB, or with K, M, G) and adds it to a SCSI controller',
  run: (agent, [vmid = '', size = '', controller = '', unit = '', datastore = '']) =>
    onVm(vmid, vm => {
      const disk: VirtualDisk = {
        ...newDisk(controller, unit, `[${datastore}]`),
        capacityInKB: sizeKb(size),
      };
      return reconfigure(agent, vm, { operation: 'add', fileOperation: 'create', device: disk });
    }),
};

const diskAddExisting: Command = {
  name: 'vmsvc/device.diskaddexisting',
  parameters: ['vmid', 'file', 'controller', 'unit'],
  summary: 'Adds a disk that is there to a SCSI controller',
  run: (agent, [vmid = '', file = '', controller = '', unit = '']) =>
    onVm(vmid, vm =>
      reconfigure(agent, vm, {
        operation: 'add',
        device: existingDisk(controller, unit, datastorePath(file)),
      }),
    ),
};

const diskRemove: Command = {
  name: 'vmsvc/device.diskremove',
  parameters: ['vmid', 'controller', 'unit', '[deleteFile]'],
  summary: 'Removes a disk from a SCSI controller; with deleteFile 1 its files too',
  run: (agent, [vmid = '', controller = '', unit = '', deleteFile = '0']) =>
    onVm(vmid, async vm => {
      const key = SCSI_KEY + wholeNumber(controller, 'controller');
      const disk = (await devicesOf(agent, vm)).find(
        one =>
          typeNameOf(one) === 'VirtualDisk' &&
          one.controllerKey === key &&
          one.unitNumber === wholeNumber(unit, 'unit'),
      );
      if (disk === undefined)
        throw new CommandError('BadArguments', `There is no disk at ${controller}:${unit}`);
      const files = deleteFile === '1' ? ({ fileOperation: 'destroy' } as const) : {};
      await reconfigure(agent, vm, { operation: 'remove', ...files, device: disk });
    }),
};

function newDisk(
  controller: string,
  unit: string,
  fileName: string,
): VirtualDevice & { readonly _type: 'VirtualDisk' } {
  return {
    _type: 'VirtualDisk',
    key: -1,
    controllerKey: SCSI_KEY + wholeNumber(controller, 'controller'),
    unitNumber: wholeNumber(unit, 'unit'),
    backing: {
      _type: 'VirtualDiskFlatVer2BackingInfo',
      fileName,
      diskMode: 'persistent',
    } as VirtualDevice['backing'],
  };
}

/** The size is the file's. */
function existingDisk(controller: string, unit: string, fileName: string): VirtualDisk {
  return { ...newDisk(controller, unit, fileName), capacityInKB: 0 };
}

function sizeKb(text: string): number {
  const [, digits = '', unit = 'K'] = /^(\d{1,12})([KMG]?)$/i.exec(text) ?? [];
  if (digits === '') throw new CommandError('BadArguments', `size: '${text}' is no size`);
  const sizeKb = Number(digits) * (UNITS_KB[unit.toUpperCase() || 'K'] ?? 1);
  if (sizeKb * BYTES_PER_KB > Number.MAX_SAFE_INTEGER)
    throw new CommandError('BadArguments', `size: '${text}' is too large`);
  return sizeKb;
}

export const DEVICE_COMMANDS: readonly Command[] = [
  getDevices,
  connection,
  diskAdd,
  diskAddExisting,
  diskRemove,
];
