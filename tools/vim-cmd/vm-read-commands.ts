import {
  type DatastoreSummary,
  ManagedObjectReference,
  type VirtualMachineConfigOption,
} from '../../lib/vim/index.js';
import { CommandError, type HostAgent } from './agent.js';
import type { Command } from './command.js';
import { dumped, dumpedProperty } from './read-command.js';
import { onVm, reference } from './targets.js';

function propertyCommand(name: string, property: string, heading: string, summary: string): Command {
  return {
    name: `vmsvc/get.${name}`,
    parameters: ['vmid'],
    summary,
    run: (agent, [vmid = ''], print) =>
      onVm(vmid, async vm => print(`${heading}\n\n${await dumpedProperty(agent, vm, property)}`)),
  };
}

/** The property's value, which is references. */
async function references(
  agent: HostAgent,
  vm: ManagedObjectReference,
  property: string,
): Promise<ManagedObjectReference[]> {
  const value = (await agent.read(vm, [property])).get(property);
  return Array.isArray(value) ? value.filter(one => one instanceof ManagedObjectReference) : [];
}

async function summaries<T>(agent: HostAgent, objects: readonly ManagedObjectReference[]): Promise<T[]> {
  const read = objects.map(async object => (await agent.read(object, ['summary'])).get('summary') as T);
  return Promise.all(read);
}

const NAME_WIDTH = 21;

const datastores: Command = {
  name: 'vmsvc/get.datastores',
  parameters: ['vmid'],
  summary: 'Lists the datastores of a virtual machine',
  run: (agent, [vmid = ''], print) =>
    onVm(vmid, async vm => {
      for (const one of await summaries<DatastoreSummary>(agent, await references(agent, vm, 'datastore'))) {
        const { name, url, capacity, freeSpace, accessible, type, multipleHostAccess } = one;
        const rows = { name, url, capacity, freespace: freeSpace, accessible, type, multipleHostAccess };
        for (const [key, value] of Object.entries(rows))
          print(`${key.padEnd(NAME_WIDTH)}${value === undefined ? '<unset>' : String(value)}\n`);
        print('\n');
      }
    }),
};

const networks: Command = {
  name: 'vmsvc/get.networks',
  parameters: ['vmid'],
  summary: 'Lists the networks of a virtual machine',
  run: (agent, [vmid = ''], print) =>
    onVm(vmid, async vm => {
      const found = await summaries(agent, await references(agent, vm, 'network'));
      print(`Networks:\n\n${found.map(one => dumped(one, 'NetworkSummary')).join('\n')}`);
    }),
};

const taskList: Command = {
  name: 'vmsvc/get.tasklist',
  parameters: ['vmid'],
  summary: 'Lists the recent tasks of a virtual machine',
  run: (agent, [vmid = ''], print) =>
    onVm(vmid, async vm => print(dumped(await references(agent, vm, 'recentTask'), 'Task', true))),
};

/** What can be asked of the machine's environment browser. */
function environmentCommand(
  name: string,
  heading: string,
  summary: string,
  ask: (agent: HostAgent, browser: ManagedObjectReference) => Promise<string>,
): Command {
  return {
    name: `vmsvc/${name}`,
    parameters: ['vmid'],
    summary,
    run: (agent, [vmid = ''], print) =>
      onVm(vmid, async vm => {
        const browser = (await agent.read(vm, ['environmentBrowser'])).get('environmentBrowser');
        print(`${heading}\n\n${await ask(agent, reference(browser))}`);
      }),
  };
}

/** @throws CommandError when the host agent has none */
export async function configOption(
  agent: HostAgent,
  browser: ManagedObjectReference,
): Promise<VirtualMachineConfigOption> {
  const option = await agent.call(browser, 'QueryConfigOption', {});
  if (option === undefined)
    throw new CommandError('NotAvailable', 'The host agent has no configuration options');
  return option;
}

export const VM_READ_COMMANDS: readonly Command[] = [
  propertyCommand('summary', 'summary', 'Listsummary:', 'Summary of a virtual machine'),
  propertyCommand('config', 'config', 'Configuration:', 'Configuration of a virtual machine'),
  propertyCommand('runtime', 'runtime', 'Runtime information', 'Run-time state of a virtual machine'),
  propertyCommand('guest', 'guest', 'Guest information:', 'What the guest of a virtual machine reports'),
  propertyCommand('filelayout', 'layout', 'Filelayout:', 'Files of a virtual machine'),
  propertyCommand('capability', 'capability', 'Capability:', 'What a virtual machine can be asked to do'),
  propertyCommand('snapshotinfo', 'snapshot', 'Snapshot information:', 'Snapshots of a virtual machine'),
  datastores,
  networks,
  taskList,
  environmentCommand(
    'get.configoption',
    'Config options:',
    'What may be configured in a virtual machine',
    async (agent, browser) => dumped(await configOption(agent, browser), 'VirtualMachineConfigOption'),
  ),
  environmentCommand(
    'get.environment',
    'Environment:',
    'What of this host a virtual machine may use',
    async (agent, browser) => dumped(await agent.call(browser, 'QueryConfigTarget', {}), 'ConfigTarget'),
  ),
];
