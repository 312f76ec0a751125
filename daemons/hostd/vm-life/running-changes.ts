import type { RunningChanges } from '../../../kernel/abi/index.js';
import type { VirtualMachineConfigSpec } from '../../../lib/vim/index.js';
import type { VmxDocument } from '../../../lib/vmx/index.js';
import { nodeOfKey } from '../vm-config/device-keys.js';

/** What a running machine's vmx is asked to change: keys that differ, and devices to connect or disconnect. */
export function runningChanges(
  spec: VirtualMachineConfigSpec,
  before: VmxDocument,
  after: VmxDocument,
): RunningChanges {
  const settings: Record<string, string | null> = {};
  for (const key of after.keys()) {
    const value = after.get(key) ?? '';
    if (value !== before.get(key)) settings[key] = value;
  }
  for (const key of before.keys()) if (!after.has(key)) settings[key] = null;
  const connections: Record<string, boolean> = {};
  for (const { operation, device } of spec.deviceChange ?? []) {
    const node = operation === 'edit' ? nodeOfKey(device.key) : undefined;
    if (node !== undefined && device.connectable !== undefined)
      connections[node] = device.connectable.connected;
  }
  return Object.keys(connections).length === 0 ? { settings } : { settings, connections };
}
