import {
  ManagedObjectReference,
  type VirtualMachinePowerState,
  type VirtualMachineRuntimeInfo,
} from '../../lib/vim/index.js';
import { AgentFault, CommandError, type HostAgent } from './agent.js';
import type { Command } from './commands.js';
import { allOf, propertiesOf, reference, taskResult } from './inventory.js';
import { tableText } from './table.js';

const STATE_TEXT: Readonly<Record<VirtualMachinePowerState, string>> = {
  poweredOn: 'Powered on',
  poweredOff: 'Powered off',
  suspended: 'Suspended',
};

function virtualMachine(vmid: string): ManagedObjectReference {
  if (!/^[0-9]{1,10}$/.test(vmid)) throw noSuchVm(vmid);
  return new ManagedObjectReference('VirtualMachine', vmid);
}

function noSuchVm(vmid: string): CommandError {
  return new CommandError('NoSuchVm', `Unable to find a VM corresponding to "${vmid}"`);
}

/** An operation on a VM; that there is no such VM is said in the command's own words. */
async function onVm<T>(vmid: string, operation: (vm: ManagedObjectReference) => Promise<T>): Promise<T> {
  try {
    return await operation(virtualMachine(vmid));
  } catch (error) {
    if (error instanceof AgentFault && error.code === 'ManagedObjectNotFound') throw noSuchVm(vmid);
    throw error;
  }
}

function powerCommand(operation: string, method: string, summary: string, says: string): Command {
  return {
    name: `vmsvc/power.${operation}`,
    parameters: ['vmid'],
    summary,
    async run(agent, [vmid = ''], print) {
      print(`${says}\n`);
      await onVm(vmid, async vm => {
        await taskResult(agent, reference(await agent.call(vm, method, {})));
      });
    },
  };
}

const getAllVms: Command = {
  name: 'vmsvc/getallvms',
  parameters: [],
  summary: 'Lists the virtual machines of this host',
  async run(agent, _args, print) {
    const config = 'summary.config';
    const found = await allOf(agent, 'VirtualMachine', [
      `${config}.name`,
      `${config}.vmPathName`,
      `${config}.guestId`,
      'config.version',
      `${config}.annotation`,
    ]);
    found.sort((a, b) => Number(a.object.value) - Number(b.object.value));
    const rows = found.map(({ object, values }) => [
      object.value,
      ...[
        `${config}.name`,
        `${config}.vmPathName`,
        `${config}.guestId`,
        'config.version',
        `${config}.annotation`,
      ].map(path => textOf(values.get(path))),
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
    const { values } = await onVm(vmid, vm => propertiesOf(agent, vm, ['runtime']));
    const runtime = values.get('runtime') as VirtualMachineRuntimeInfo | undefined;
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
    const task = await agent.call(await vmFolder(agent), 'RegisterVM_Task', {
      path: datastorePath(path),
      name,
      asTemplate: false,
      pool: await rootPool(agent),
    });
    print(`${reference(await taskResult(agent, reference(task))).value}\n`);
  },
};

/** `/vmfs/volumes/<datastore>/<rest>`, as a shell completes it, is `[datastore] rest` to the host agent. */
export function datastorePath(path: string): string {
  const match = /^\/vmfs\/volumes\/([^/]+)\/+(.+)$/.exec(path);
  return match === null ? path : `[${match[1]}] ${match[2]}`;
}

async function vmFolder(agent: HostAgent): Promise<ManagedObjectReference> {
  const [datacenter] = await allOf(agent, 'Datacenter', ['vmFolder']);
  return reference(datacenter?.values.get('vmFolder'));
}

async function rootPool(agent: HostAgent): Promise<ManagedObjectReference> {
  const [compute] = await allOf(agent, 'ComputeResource', ['resourcePool']);
  return reference(compute?.values.get('resourcePool'));
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
