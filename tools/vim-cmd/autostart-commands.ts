import {
  type AutoStartDefaults,
  type AutoStartPowerInfo,
  type HostAutoStartManagerConfig,
  ManagedObjectReference,
} from '../../lib/vim/index.js';
import type { HostAgent } from './agent.js';
import type { Command } from './command.js';
import { dumped } from './read-command.js';
import { hostManager, wholeNumber } from './targets.js';

const AUTOSTART = 'hostsvc/autostartmanager';

async function configOf(agent: HostAgent): Promise<HostAutoStartManagerConfig> {
  const manager = await hostManager(agent, 'autoStartManager');
  return ((await agent.read(manager, ['config'])).get('config') ?? {}) as HostAutoStartManagerConfig;
}

async function reconfigure(agent: HostAgent, spec: HostAutoStartManagerConfig): Promise<void> {
  await agent.call(await hostManager(agent, 'autoStartManager'), 'ReconfigureAutostart', { spec });
}

const getDefaults: Command = {
  name: `${AUTOSTART}/get_defaults`,
  parameters: [],
  summary: 'What holds for machines that start with the host',
  run: async (agent, _args, print) => print(dumped((await configOf(agent)).defaults, 'AutoStartDefaults')),
};

const getSequence: Command = {
  name: `${AUTOSTART}/get_autostartseq`,
  parameters: [],
  summary: 'Which machines start with the host, in their order',
  run: async (agent, _args, print) =>
    print(dumped((await configOf(agent)).powerInfo ?? [], 'AutoStartPowerInfo', true)),
};

const enable: Command = {
  name: `${AUTOSTART}/enable_autostart`,
  parameters: ['enabled'],
  summary: 'Whether machines start with the host (true, false)',
  run: (agent, [enabled = '']) => reconfigure(agent, { defaults: { enabled: enabled === 'true' } }),
};

const updateDefaults: Command = {
  name: `${AUTOSTART}/update_defaults`,
  parameters: ['startDelay', 'stopDelay', 'stopAction', 'waitForHeartbeat'],
  summary: 'Sets what holds for machines that start with the host; delays in seconds',
  run(agent, [startDelay = '', stopDelay = '', stopAction = '', heartbeat = '']) {
    const defaults: AutoStartDefaults = {
      startDelay: wholeNumber(startDelay, 'startDelay'),
      stopDelay: wholeNumber(stopDelay, 'stopDelay'),
      stopAction,
      waitForHeartbeat: /^(1|true|yes)$/i.test(heartbeat),
    };
    return reconfigure(agent, { defaults });
  },
};

const updateEntry: Command = {
  name: `${AUTOSTART}/update_autostartentry`,
  parameters: [
    'vmid',
    'startAction',
    'startDelay',
    'startOrder',
    'stopAction',
    'stopDelay',
    'waitForHeartbeat',
  ],
  summary: 'Sets how a machine starts and stops with the host',
  run(agent, [vmid = '', startAction = '', startDelay = '', startOrder = '', stopAction = '', ...rest]) {
    const [stopDelay = '', heartbeat = ''] = rest;
    const entry: AutoStartPowerInfo = {
      key: new ManagedObjectReference('VirtualMachine', vmid),
      startAction,
      startDelay: wholeNumber(startDelay, 'startDelay'),
      startOrder: wholeNumber(startOrder, 'startOrder'),
      stopAction,
      stopDelay: wholeNumber(stopDelay, 'stopDelay'),
      waitForHeartbeat: heartbeat as AutoStartPowerInfo['waitForHeartbeat'],
    };
    return reconfigure(agent, { powerInfo: [entry] });
  },
};

function startStop(name: string, method: 'AutoStartPowerOn' | 'AutoStartPowerOff', summary: string): Command {
  return {
    name: `${AUTOSTART}/${name}`,
    parameters: [],
    summary,
    run: async agent => agent.call(await hostManager(agent, 'autoStartManager'), method, {}),
  };
}

export const AUTOSTART_COMMANDS: readonly Command[] = [
  getDefaults,
  getSequence,
  enable,
  updateDefaults,
  updateEntry,
  startStop('autostart', 'AutoStartPowerOn', 'Starts the machines that start with the host'),
  startStop('autostop', 'AutoStartPowerOff', 'Stops the machines that stop with the host'),
];
