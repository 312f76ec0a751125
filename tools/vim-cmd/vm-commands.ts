import type {
  VirtualLsiLogicController,
  VirtualMachineConfigSpec,
  VirtualMachineQuestionInfo,
} from '../../lib/vim/index.js';
import { CommandError, type HostAgent } from './agent.js';
import type { Command } from './command.js';
import { dumped } from './read-command.js';
import { tableText } from './table.js';
import { datastorePath, onVm, propertyOfFirst } from './targets.js';
import { resultReference } from './task-result.js';

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

const unregister: Command = {
  name: 'vmsvc/unregister',
  parameters: ['vmid'],
  summary: 'Takes a virtual machine out of the inventory; its files stay',
  run: (agent, [vmid = '']) => onVm(vmid, vm => agent.call(vm, 'UnregisterVM', {})),
};

const destroy: Command = {
  name: 'vmsvc/destroy',
  parameters: ['vmid'],
  summary: 'Deletes a virtual machine with its files',
  run: (agent, [vmid = '']) =>
    onVm(vmid, async vm => {
      await agent.waitForTask(await agent.call(vm, 'Destroy_Task', {}));
    }),
};

const reload: Command = {
  name: 'vmsvc/reload',
  parameters: ['vmid'],
  summary: 'Reads the configuration file of a virtual machine again',
  run: (agent, [vmid = '']) => onVm(vmid, vm => agent.call(vm, 'Reload', {})),
};

const SCSI_CONTROLLER: VirtualLsiLogicController & { readonly _type: string } = {
  _type: 'VirtualLsiLogicController',
  key: -1,
  busNumber: 0,
  sharedBus: 'noSharing',
};

const createDummy: Command = {
  name: 'vmsvc/createdummyvm',
  parameters: ['name', 'path'],
  summary: 'Creates a small virtual machine with a SCSI controller and prints its vmid',
  async run(agent, [name = '', path = ''], print) {
    const folder = await propertyOfFirst(agent, 'Datacenter', 'vmFolder');
    const pool = await propertyOfFirst(agent, 'ComputeResource', 'resourcePool');
    const config: VirtualMachineConfigSpec = {
      name,
      guestId: 'otherGuest',
      memoryMB: 32,
      numCPUs: 1,
      files: { vmPathName: datastorePath(path) },
      deviceChange: [{ operation: 'add', device: SCSI_CONTROLLER }],
    };
    const task = await agent.call(folder, 'CreateVM_Task', { config, pool });
    print(`${resultReference(await agent.waitForTask(task)).value}\n`);
  },
};

const message: Command = {
  name: 'vmsvc/message',
  parameters: ['vmid', '[id]', '[choice]'],
  summary: 'Shows the question that a virtual machine waits with, or answers it',
  run: (agent, [vmid = '', questionId, answerChoice], print) =>
    onVm(vmid, async vm => {
      if (questionId !== undefined && answerChoice !== undefined)
        return agent.call(vm, 'AnswerVM', { questionId, answerChoice });
      const question = (await agent.read(vm, ['runtime.question'])).get('runtime.question');
      print(questionText(question as VirtualMachineQuestionInfo | undefined));
    }),
};

function questionText(question: VirtualMachineQuestionInfo | undefined): string {
  if (question === undefined) return 'No message.\n';
  const { id, text, choice } = question;
  const choices = (choice.choiceInfo ?? []).map((one, index) => {
    const { key = '', label = '' } = one as { key?: string; label?: string };
    return `   ${key}. ${label}${index === choice.defaultIndex ? ' [default]' : ''}\n`;
  });
  return `Virtual machine message ${id}:\n${text}\n${choices.join('')}`;
}

type ToolsRequest = 'MountToolsInstaller' | 'UnmountToolsInstaller';

function toolsCommand(operation: string, method: ToolsRequest, summary: string): Command {
  return {
    name: `vmsvc/tools.${operation}`,
    parameters: ['vmid'],
    summary,
    run: (agent, [vmid = '']) => onVm(vmid, vm => agent.call(vm, method, {})),
  };
}

const upgradeTools: Command = {
  name: 'vmsvc/tools.upgrade',
  parameters: ['vmid', '[options]'],
  summary: "Upgrades the guest's tools",
  run: (agent, [vmid = '', installerOptions]) =>
    onVm(vmid, async vm => {
      await agent.waitForTask(await agent.call(vm, 'UpgradeTools_Task', { installerOptions }));
    }),
};

const mksTicket: Command = {
  name: 'vmsvc/acquiremksticket',
  parameters: ['vmid'],
  summary: "Gets a ticket for a virtual machine's screen",
  run: (agent: HostAgent, [vmid = ''], print) =>
    onVm(vmid, async vm =>
      print(dumped(await agent.call(vm, 'AcquireMksTicket', {}), 'VirtualMachineMksTicket')),
    ),
};

const setName: Command = {
  name: 'vmsvc/rename',
  parameters: ['vmid', 'name'],
  summary: 'Gives a virtual machine another name',
  run: (agent, [vmid = '', newName = '']) => {
    if (newName === '') throw new CommandError('BadArguments', 'a name is needed');
    return onVm(vmid, async vm => {
      await agent.waitForTask(await agent.call(vm, 'Rename_Task', { newName }));
    });
  },
};

export const VM_COMMANDS: readonly Command[] = [
  getAllVms,
  createDummy,
  destroy,
  unregister,
  reload,
  setName,
  message,
  mksTicket,
  toolsCommand('install', 'MountToolsInstaller', "Puts the tools' installer into the guest's CD drive"),
  toolsCommand('cancelinstall', 'UnmountToolsInstaller', "Takes the tools' installer out of the CD drive"),
  upgradeTools,
];
