import {
  type HostDatastoreBrowserSearchResults,
  ManagedObjectReference,
  untyped,
} from '../../lib/vim/index.js';
import type { Command } from './command.js';
import { dumped } from './read-command.js';
import { datastoreNamed, datastorePath, propertyOfFirst, reference } from './targets.js';
import { resultReference } from './task-result.js';
import { configOption } from './vm-read-commands.js';

const register: Command = {
  name: 'solo/registervm',
  parameters: ['path', '[name]', '[pool]'],
  summary: 'Enters a virtual machine into the inventory and prints its vmid',
  async run(agent, [path = '', name, poolId], print) {
    const folder = await propertyOfFirst(agent, 'Datacenter', 'vmFolder');
    const pool =
      poolId === undefined
        ? await propertyOfFirst(agent, 'ComputeResource', 'resourcePool')
        : new ManagedObjectReference('ResourcePool', poolId);
    const args = { path: datastorePath(path), name, asTemplate: false, pool };
    const task = await agent.call(folder, 'RegisterVM_Task', args);
    print(`${resultReference(await agent.waitForTask(task)).value}\n`);
  },
};

const queryConfigOption: Command = {
  name: 'solo/querycfgopt',
  parameters: [],
  summary: 'What may be configured in a virtual machine of this host',
  async run(agent, _args, print) {
    const browser = await propertyOfFirst(agent, 'ComputeResource', 'environmentBrowser');
    print(dumped(await configOption(agent, browser), 'VirtualMachineConfigOption'));
  },
};

const queryAvailable: Command = {
  name: 'solo/queryavailvms',
  parameters: ['datastore'],
  summary: 'Lists the virtual machines of a datastore that are not registered',
  async run(agent, [name = ''], print) {
    const datastore = await datastoreNamed(agent, name);
    const browser = reference((await agent.read(datastore, ['browser'])).get('browser'));
    const task = await agent.call(browser, 'SearchDatastoreSubFolders_Task', {
      datastorePath: `[${name}]`,
      searchSpec: { matchPattern: ['*.vmx'] },
    });
    const results = untyped(
      (await agent.waitForTask(reference(task))).result,
    ) as HostDatastoreBrowserSearchResults[];
    const known = await agent.find('VirtualMachine', ['summary.config.vmPathName']);
    const registered = new Set(known.map(vm => vm.properties.get('summary.config.vmPathName')));
    for (const { folderPath = '', file = [] } of results)
      for (const { path } of file) {
        const folder = folderPath.endsWith('/') || folderPath.endsWith('] ') ? folderPath : `${folderPath}/`;
        const whole = `${folder.replace(/\]\/$/, '] ')}${path}`;
        if (!registered.has(whole)) print(`${whole}\n`);
      }
  },
};

export const SOLO_COMMANDS: readonly Command[] = [register, queryConfigOption, queryAvailable];
