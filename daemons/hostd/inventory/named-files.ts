import type { VirtualMachine } from '../mo/virtual-machine.js';
import type { HostInventory } from './host-inventory.js';
import { MachinePlace } from './machine-place.js';

/**
 * Paths of all files that the configurations of the other registered machines name: nobody else's to delete.
 * @param vm undefined: it is still to be made
 */
export function filesOfOthers(inventory: HostInventory, vm: VirtualMachine | undefined): ReadonlySet<string> {
  const others = inventory.vms().filter(other => other !== vm);
  return new Set(others.flatMap(other => namedFiles(inventory, other)));
}

function namedFiles(inventory: HostInventory, { config, vmxPath }: VirtualMachine): string[] {
  if (config.kind !== 'read') return [vmxPath];
  const { vmx } = config;
  const place = new MachinePlace(vmxPath, [], name => inventory.datastore(name));
  const values = vmx.keys().map(key => vmx.get(key) ?? '');
  return [vmxPath, ...values.filter(value => value !== '').map(value => place.pathOf(value))];
}
