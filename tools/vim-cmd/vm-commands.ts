import {
  ManagedObjectReference,
  untyped,
  type VirtualMachinePowerState,
  type VirtualMachineRuntimeInfo,
} from '../../lib/vim/index.js';
import { VimClientFault } from '../../lib/vim-client/index.js';
import { CommandError, type HostAgent } from './agent.js';
import type { Command } from './commands.js';
import { tableText } from './table.js';

const STATE_TEXT: Readonly<Record<VirtualMachinePowerState, string>> = {
  poweredOn: 'Powered on',
  poweredOff: 'Powered off',
  suspended: 'Suspended',
};

/** An operation on a VM; that there is no such VM is said in the command's own words. */
async function onVm<T>(vmid: string, operation: (vm: ManagedObjectReference) => Promise<T>): Promise<T> {
  if (!/^[0-9]{1,10}$/.test(vmid)) throw noSuchVm(vmid);
  try {
    return await operation(new ManagedObjectReference('VirtualMachine', vmid));
  } catch (error) {
    if (error instanceof VimClientFault && error.code === 'ManagedObjectNotFound') throw noSuchVm(vmid);
    throw error;
  }
}

function noSuchVm(vmid: string): CommandError {
  return new CommandError('NoSuchVm', `Unable to find a VM corresponding to "${vmid}"`);
}

type PowerMethod = 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'ResetVM_Task';

function powerCommand(operation: string, method: PowerMethod, summary: string, says: string): Command {
  return {
    name: `vmsvc/power.${operation}`,
    parameters: ['vmid'],
    summary,
    async run(agent, [vmid = ''], print) {
      print(`${says}\n`);
      await onVm(vmid, async vm => {
        await agent.waitForTask(await agent.call(vm, method, {}));
      });
    },
  };
}

const CONFIG = 'summary.config';
const LISTED = ['name', 'vmPathName', 'guestId'].map(name => `${CONFIG}.${name}`);
const COLUMNS = [...LISTED, 'config.version', `${CONFIG}.annotation`];

const getAllVms: Command = {
  name: 'vmsvc/getallvms',
  parameters: [],
  summary: 'Lists the virtual machines of this host',
  async run(agent, _args, print) {
    const found = await agent.find('VirtualMachine', COLUMNS);
    found.sort((a, b) => Number(a.object.value) - Number(b.object.value));
    const rows = found.map(({ object, properties }) => [
      object.value,
      ...COLUMNS.map(path => textOf(properties.get(path))),
    ]);
    print(tableText(['Vmid', 'Name', 'File', 'Guest OS', 'Version', 'Annotation'], rows));
  },
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const getState: Command = {
  name: 'vmsvc/power.getstate',
  parameters: ['vmid'],
  summary: 'Whether a virtual machine is powered on, off or suspended',
  async run(agent, [vmid = ''], print) {
    const properties = await onVm(vmid, vm => agent.read(vm, ['runtime']));
    const runtime = properties.get('runtime') as VirtualMachineRuntimeInfo | undefined;
    if (runtime === undefined) throw noSuchVm(vmid);
    print(`Retrieved runtime info\n${STATE_TEXT[runtime.powerState]}\n`);
  },
};

const unregister: Command = {
  name: 'vmsvc/unregister',
  parameters: ['vmid'],
  summary: 'Takes a virtual machine out of the inventory; its files stay',
  run: (agent, [vmid = '']) => onVm(vmid, async vm => void (await agent.call(vm, 'UnregisterVM', {}))),
};

const register: Command = {
  name: 'solo/registervm',
  parameters: ['path', '[name]'],
  summary: 'Enters a virtual machine into the inventory and prints its vmid',
  async run(agent, [path = '', name], print) {
    const folder = await propertyOfFirst(agent, 'Datacenter', 'vmFolder');
    const pool = await propertyOfFirst(agent, 'ComputeResource', 'resourcePool');
    const args = { path: datastorePath(path), name, asTemplate: false, pool };
    const { result } = await agent.waitForTask(await agent.call(folder, 'RegisterVM_Task', args));
    print(`${reference(untyped(result)).value}\n`);
  },
};

/** `/vmfs/volumes/<datastore>/<rest>`, as a shell completes it, is `[datastore] rest` to the host agent. */
export function datastorePath(path: string): string {
  const match = /^\/vmfs\/volumes\/([^/]+)\/+(.+)$/.exec(path);
  return match === null ? path : `[${match[1]}] ${match[2]}`;
}

/** A host has one datacenter and one compute resource. */
async function propertyOfFirst(
  agent: HostAgent,
  type: string,
  path: string,
): Promise<ManagedObjectReference> {
  const [first] = await agent.find(type, [path]);
  return reference(first?.properties.get(path));
}

function reference(value: unknown): ManagedObjectReference {
  if (value instanceof ManagedObjectReference) return value;
  throw new CommandError('NotAvailable', 'The host agent answered without an object');
}

export const VM_COMMANDS: readonly Command[] = [
  getAllVms,
  getState,
  powerCommand('on', 'PowerOnVM_Task', 'Powers a virtual machine on', 'Powering on VM:'),
  powerCommand('off', 'PowerOffVM_Task', 'Powers a virtual machine off', 'Powering off VM:'),
  powerCommand('reset', 'ResetVM_Task', 'Resets a virtual machine', 'Reset VM:'),
  unregister,
  register,
];
