import { ManagedObjectReference, type ServiceContent } from '../../lib/vim/index.js';
import { CommandError, type HostAgent } from './agent.js';
import type { Command } from './command.js';
import { dumped, dumpedProperty } from './read-command.js';

/** A manager that the service's content names. */
function manager(agent: HostAgent, name: keyof ServiceContent): ManagedObjectReference {
  const found = agent.content[name];
  if (found instanceof ManagedObjectReference) return found;
  throw new CommandError('NotAvailable', `The host agent has no ${name}`);
}

function managerProperty(name: string, of: keyof ServiceContent, property: string, summary: string): Command {
  return {
    name,
    parameters: [],
    summary,
    run: async (agent, _args, print) => print(await dumpedProperty(agent, manager(agent, of), property)),
  };
}

const taskInfo: Command = {
  name: 'vimsvc/task_info',
  parameters: ['task'],
  summary: 'State and result of a task',
  run: async (agent, [task = ''], print) =>
    print(await dumpedProperty(agent, new ManagedObjectReference('Task', task), 'info')),
};

const cancelTask: Command = {
  name: 'vimsvc/task_cancel',
  parameters: ['task'],
  summary: 'Asks a task to end',
  run: (agent, [task = '']) => agent.call(new ManagedObjectReference('Task', task), 'CancelTask', {}),
};

const permissions: Command = {
  name: 'vimsvc/auth/permissions',
  parameters: [],
  summary: 'Every permission of this host',
  run: async (agent, _args, print) =>
    print(
      dumped(
        await agent.call(manager(agent, 'authorizationManager'), 'RetrieveAllPermissions', {}),
        'Permission',
        true,
      ),
    ),
};

const about: Command = {
  name: 'vimsvc/connect_info',
  parameters: [],
  summary: 'Product and version of the host agent',
  run: async (agent, _args, print) => print(dumped(agent.content.about, 'AboutInfo')),
};

export const SERVICE_COMMANDS: readonly Command[] = [
  about,
  managerProperty('vimsvc/task_list', 'taskManager', 'recentTask', 'Tasks of the last minutes'),
  taskInfo,
  cancelTask,
  managerProperty('vimsvc/auth/roles', 'authorizationManager', 'roleList', 'Roles of this host'),
  managerProperty(
    'vimsvc/auth/privileges',
    'authorizationManager',
    'privilegeList',
    'Privileges of this host',
  ),
  permissions,
  managerProperty('vimsvc/license', 'licenseManager', 'source', 'Where licenses come from'),
  managerProperty('internalsvc/sessions', 'sessionManager', 'sessionList', 'Sessions of the host agent'),
];
