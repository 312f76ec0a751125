import type { HostConfigManager, OptionValue } from '../../lib/vim/index.js';
import { TypedValue } from '../../lib/vim/index.js';
import { CommandError, type HostAgent } from './agent.js';
import type { Command } from './command.js';
import { dumped, dumpedProperty } from './read-command.js';
import { hostManager, theHost } from './targets.js';

function hostProperty(name: string, property: string, heading: string, summary: string): Command {
  return {
    name: `hostsvc/${name}`,
    parameters: [],
    summary,
    async run(agent, _args, print) {
      print(`${heading}\n\n${await dumpedProperty(agent, await theHost(agent), property)}`);
    },
  };
}

type ManagerName = keyof HostConfigManager & string;

function managerProperty(name: string, manager: ManagerName, property: string, summary: string): Command {
  return {
    name: `hostsvc/${name}`,
    parameters: [],
    summary,
    run: async (agent, _args, print) =>
      print(await dumpedProperty(agent, await hostManager(agent, manager), property)),
  };
}

function managerCommand(
  name: string,
  parameters: readonly string[],
  summary: string,
  operation: (agent: HostAgent, args: readonly string[]) => Promise<unknown>,
): Command {
  return {
    name: `hostsvc/${name}`,
    parameters,
    summary,
    run: async (agent, args) => void (await operation(agent, args)),
  };
}

const enterMaintenance: Command = {
  name: 'hostsvc/maintenance_mode_enter',
  parameters: ['[timeout]'],
  summary: 'Puts the host into maintenance mode',
  async run(agent, [timeout = '0'], print) {
    print('Entering maintenance mode...\n');
    const host = await theHost(agent);
    const args = { timeout: Number(timeout) };
    await agent.waitForTask(await agent.call(host, 'EnterMaintenanceMode_Task', args));
    print('The maintenance mode is set.\n');
  },
};

const exitMaintenance: Command = {
  name: 'hostsvc/maintenance_mode_exit',
  parameters: ['[timeout]'],
  summary: 'Takes the host out of maintenance mode',
  async run(agent, [timeout = '0'], print) {
    print('Exiting maintenance mode...\n');
    const host = await theHost(agent);
    const args = { timeout: Number(timeout) };
    await agent.waitForTask(await agent.call(host, 'ExitMaintenanceMode_Task', args));
    print('The maintenance mode is reset.\n');
  },
};

const optionsView: Command = {
  name: 'hostsvc/advopt/view',
  parameters: ['[name]'],
  summary: 'Shows advanced options: one, or all below a name that ends in a dot',
  async run(agent, [name], print) {
    const manager = await hostManager(agent, 'advancedOption');
    print(dumped(await agent.call(manager, 'QueryOptions', { name }), 'OptionValue', true));
  },
};

const optionsUpdate: Command = {
  name: 'hostsvc/advopt/update',
  parameters: ['name', 'type', 'value'],
  summary: 'Sets an advanced option; type is long, int, bool or string',
  async run(agent, [key = '', type = '', text = '']) {
    const manager = await hostManager(agent, 'advancedOption');
    const changedValue: OptionValue[] = [{ key, value: optionValue(type, text) }];
    await agent.call(manager, 'UpdateOptions', { changedValue });
  },
};

function optionValue(type: string, text: string): TypedValue {
  const isNumber = /^-?\d{1,15}$/.test(text);
  if ((type === 'long' || type === 'int') && isNumber) return new TypedValue(type, false, Number(text));
  if (type === 'bool' && /^(true|false)$/.test(text))
    return new TypedValue('boolean', false, text === 'true');
  if (type === 'string') return new TypedValue('string', false, text);
  throw new CommandError('BadArguments', `'${text}' is no ${type}`);
}

async function rescanHba(agent: HostAgent, hba: string | undefined): Promise<void> {
  const storage = await hostManager(agent, 'storageSystem');
  if (hba === undefined) await agent.call(storage, 'RescanAllHba', {});
  else await agent.call(storage, 'RescanHba', { hbaDevice: hba });
}

export const HOST_COMMANDS: readonly Command[] = [
  hostProperty('hostsummary', 'summary', 'Host summary:', 'Summary of this host'),
  hostProperty('hosthardware', 'hardware', 'Host hardware:', 'Hardware of this host'),
  hostProperty('hostconfig', 'config', 'Host configuration:', 'Configuration of this host'),
  hostProperty('runtimeinfo', 'runtime', 'Runtime info:', 'Run-time state of this host'),
  hostProperty('hostcapability', 'capability', 'Host capability:', 'What this host can be asked to do'),
  enterMaintenance,
  exitMaintenance,
  optionsView,
  optionsUpdate,
  managerProperty('firewall_info', 'firewallSystem', 'firewallInfo', 'Rule sets of the firewall'),
  managerCommand(
    'firewall_enable_ruleset',
    ['id'],
    'Opens what a rule set of the firewall names',
    async (agent, [id = '']) =>
      agent.call(await hostManager(agent, 'firewallSystem'), 'EnableRuleset', { id }),
  ),
  managerCommand(
    'firewall_disable_ruleset',
    ['id'],
    'Closes what a rule set of the firewall names',
    async (agent, [id = '']) =>
      agent.call(await hostManager(agent, 'firewallSystem'), 'DisableRuleset', { id }),
  ),
  managerCommand('firewall_refresh', [], 'Reads the state of the firewall again', async agent =>
    agent.call(await hostManager(agent, 'firewallSystem'), 'RefreshFirewall', {}),
  ),
  managerProperty('net/info', 'networkSystem', 'networkInfo', 'Networks of this host'),
  managerProperty('net/config', 'networkSystem', 'networkConfig', 'Network configuration of this host'),
  managerProperty('net/capabilities', 'networkSystem', 'capabilities', 'What networks can be asked to do'),
  managerProperty('net/dns_info', 'networkSystem', 'dnsConfig', 'Name resolution of this host'),
  managerCommand('net/refresh', [], 'Reads the state of the networks again', async agent =>
    agent.call(await hostManager(agent, 'networkSystem'), 'RefreshNetworkSystem', {}),
  ),
  managerProperty(
    'storage/device_info',
    'storageSystem',
    'storageDeviceInfo',
    'Storage devices of this host',
  ),
  managerProperty('storage/fs_info', 'storageSystem', 'fileSystemVolumeInfo', 'File systems of this host'),
  managerCommand(
    'storage/hba_rescan',
    ['[hba]'],
    'Looks for devices behind an adapter, or all',
    (agent, [hba]) => rescanHba(agent, hba),
  ),
  managerCommand('rescan_hba', ['[hba]'], 'As storage/hba_rescan', (agent, [hba]) => rescanHba(agent, hba)),
  managerCommand('storage/fs_rescan', [], 'Looks for file systems', async agent =>
    agent.call(await hostManager(agent, 'storageSystem'), 'RescanVmfs', {}),
  ),
  managerCommand('storage/refresh', [], 'Reads the state of the storage again', async agent =>
    agent.call(await hostManager(agent, 'storageSystem'), 'RefreshStorageSystem', {}),
  ),
  managerProperty('services_info', 'serviceSystem', 'serviceInfo', 'Services of the service console'),
];
