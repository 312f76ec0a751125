import type { DatastoreSummary } from '../../lib/vim/index.js';
import { CommandError } from './agent.js';
import type { Command } from './command.js';
import { dumped, dumpedProperty } from './read-command.js';
import { datastoreNamed, hostManager } from './targets.js';

const DATASTORE = 'hostsvc/datastore';

const info: Command = {
  name: `${DATASTORE}/info`,
  parameters: ['name'],
  summary: 'What a datastore lies on',
  run: async (agent, [name = ''], print) =>
    print(await dumpedProperty(agent, await datastoreNamed(agent, name), 'info')),
};

const summary: Command = {
  name: `${DATASTORE}/summary`,
  parameters: ['name'],
  summary: 'Size, free space and type of a datastore',
  run: async (agent, [name = ''], print) =>
    print(await dumpedProperty(agent, await datastoreNamed(agent, name), 'summary')),
};

const listSummary: Command = {
  name: `${DATASTORE}/listsummary`,
  parameters: [],
  summary: 'Size, free space and type of every datastore',
  async run(agent, _args, print) {
    const found = await agent.find('Datastore', ['summary']);
    const summaries = found.map(({ properties }) => properties.get('summary') as DatastoreSummary);
    print(dumped(summaries, 'DatastoreSummary', true));
  },
};

const refresh: Command = {
  name: `${DATASTORE}/refresh`,
  parameters: ['name'],
  summary: 'Reads the state of a datastore again',
  run: async (agent, [name = '']) => agent.call(await datastoreNamed(agent, name), 'RefreshDatastore', {}),
};

const rename: Command = {
  name: `${DATASTORE}/rename`,
  parameters: ['name', 'newName'],
  summary: 'Gives a datastore another name',
  run: async (agent, [name = '', newName = '']) =>
    agent.call(await datastoreNamed(agent, name), 'RenameDatastore', { newName }),
};

const destroy: Command = {
  name: `${DATASTORE}/destroy`,
  parameters: ['name'],
  summary: 'Removes a datastore from this host',
  async run(agent, [name = '']) {
    const datastore = await datastoreNamed(agent, name);
    await agent.call(await hostManager(agent, 'datastoreSystem'), 'RemoveDatastore', { datastore });
  },
};

const nasCreate: Command = {
  name: `${DATASTORE}/nas_create`,
  parameters: ['name', 'server', 'path', 'readOnly'],
  summary: 'Mounts an NFS export as a datastore',
  async run(agent, [localPath = '', remoteHost = '', remotePath = '', readOnly = '']) {
    if (readOnly !== '0' && readOnly !== '1') throw new CommandError('BadArguments', 'readOnly is 0 or 1');
    const accessMode = readOnly === '1' ? 'readOnly' : 'readWrite';
    const spec = { remoteHost, remotePath, localPath, accessMode };
    await agent.call(await hostManager(agent, 'datastoreSystem'), 'CreateNasDatastore', { spec });
  },
};

export const DATASTORE_COMMANDS: readonly Command[] = [
  info,
  summary,
  listSummary,
  refresh,
  rename,
  destroy,
  nasCreate,
];
