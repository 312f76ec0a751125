import type { VirtualDevice } from '../../lib/vim/index.js';
import type { Control, ControlledVm } from './control.js';
import type { Operation } from './operation.js';
import { VmControlError } from './vm-control-error.js';

/** First keys of devices of a kind, and of controllers, as the API numbers them. */
const KEYS: Readonly<Record<string, number>> = {
  floppy: 8000,
  serial: 9000,
  parallel: 10000,
  ethernet: 4000,
};
const CONTROLLERS: Readonly<Record<string, number>> = { ide: 200, scsi: 1000 };

/** `ide1:0`, `floppy0`, as the configuration file calls devices. */
function isNamed(name: string): ((device: VirtualDevice) => boolean) | undefined {
  const [, kind = '', first = '', unit] = /^([a-z]+)(\d{1,3})(?::(\d{1,3}))?$/i.exec(name) ?? [];
  const controller = CONTROLLERS[kind.toLowerCase()];
  const base = KEYS[kind.toLowerCase()];
  if (unit !== undefined && controller !== undefined)
    return device =>
      device.controllerKey === controller + Number(first) && device.unitNumber === Number(unit);
  if (unit === undefined && base !== undefined) return device => device.key === base + Number(first);
  return undefined;
}

async function connect(
  control: Control,
  { vm }: ControlledVm,
  name: string,
  connected: boolean,
): Promise<void> {
  const matches = isNamed(name);
  const devices = await control.property<VirtualDevice[]>(vm, 'config.hardware.device');
  const device = matches === undefined ? undefined : devices.find(matches);
  if (device?.connectable === undefined)
    throw new VmControlError(-999, `There is no device ${name} that can be connected`);
  const changed = { ...device, connectable: { ...device.connectable, connected } };
  const spec = { deviceChange: [{ operation: 'edit', device: changed } as const] };
  await control.agent.waitForTask(await control.agent.call(vm, 'ReconfigVM_Task', { spec }));
}

function operation(name: string, connected: boolean, summary: string): Operation {
  return {
    name,
    parameters: ['device'],
    summary,
    async run(control, vm, [device = '']) {
      await connect(control, vm, device, connected);
      return 1;
    },
  };
}

export const DEVICE_OPERATIONS: readonly Operation[] = [
  operation('connectdevice', true, 'Connects a device of the running machine'),
  operation('disconnectdevice', false, 'Disconnects a device of the running machine'),
];
