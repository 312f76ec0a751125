import { isDeepStrictEqual } from 'node:util';
import type { VirtualDevice } from '../../../../lib/vim/index.js';
import { parseVmx, type VmxDocument } from '../../../../lib/vmx/index.js';
import { nodeOfKey } from '../device-keys.js';
import { DeviceLines } from '../device-lines.js';
import { virtualDevices } from '../devices/virtual-devices.js';
import type { DeviceChange, DeviceKind } from './device-kinds.js';
import { DeviceSlots } from './device-slots.js';
import { noEffects, type VmPlace } from './spec-context.js';

/**
 * Whether an edit says of the backing only what is so: clients hand devices back as they read them. The lines of such a
 * backing stay as they are spelled, so that what cannot change in a running machine is not touched.
 * @throws VimFault what the edit throws
 */
export function hasSameBacking(change: DeviceChange, kind: DeviceKind, { node }: DeviceLines): boolean {
  if (change.device.backing === undefined) return true;
  const { context } = change;
  const copy = parseVmx(context.vmx.toString());
  kind.edit(new DeviceLines(copy, node), {
    ...change,
    context: { ...context, vmx: copy },
    slots: new DeviceSlots(copy),
    effects: noEffects(),
  });
  const backingIn = (vmx: VmxDocument) => describe(vmx, node, context.place)?.backing;
  return isDeepStrictEqual(backingIn(copy), backingIn(context.vmx));
}

export function withoutBacking(change: DeviceChange): DeviceChange {
  return { ...change, device: { ...change.device, backing: undefined } };
}

function describe(vmx: VmxDocument, node: string, place: VmPlace): VirtualDevice | undefined {
  const surroundings = {
    isPoweredOn: false,
    connections: {},
    locate: (fileName: string) => ({ path: place.pathOf(fileName), datastore: undefined }),
    disk: () => undefined,
  };
  return virtualDevices(vmx, surroundings).find(device => nodeOfKey(device.key) === node);
}
