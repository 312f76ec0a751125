import {
  ManagedObjectReference,
  type ResourceAllocationInfo,
  type ResourceConfigSpec,
  type SharesInfo,
  type SharesLevel,
} from '../../lib/vim/index.js';
import { CommandError, type HostAgent } from './agent.js';
import type { Command } from './command.js';
import { dumped, dumpedProperty } from './read-command.js';
import { propertyOfFirst, reference } from './targets.js';

const RESOURCES = 'hostsvc/rsrc';

/** How an option's value becomes a part of an allocation. */
type Reader = (text: string, option: string) => ResourceAllocationInfo;

const readers: Readonly<Record<string, Reader>> = {
  min: (text, option) => ({ reservation: amount(text, option) }),
  'min-expandable': (text, option) => ({ expandableReservation: truth(text, option) }),
  max: (text, option) => ({ limit: text === '-1' ? -1 : amount(text, option) }),
  shares: (text, option) => ({ shares: shares(text, option) }),
};

const OPTIONS = '[--cpu-min=MHZ] [--cpu-min-expandable=true|false] [--cpu-max=MHZ] [--cpu-shares=SHARES]';
const MEMORY_OPTIONS = OPTIONS.replaceAll('cpu', 'mem').replaceAll('MHZ', 'MB');

/** As many as there are options: each may be left out. */
const optionParameters = [
  '[option]',
  '[option]',
  '[option]',
  '[option]',
  '[option]',
  '[option]',
  '[option]',
  '[option]',
];

interface Line {
  /** What is no option, in order. */
  readonly words: readonly string[];
  readonly spec: ResourceConfigSpec;
}

/** @throws CommandError for an option that is none */
function readLine(args: readonly string[], base: ResourceAllocationInfo): Line {
  const words: string[] = [];
  const allocations = { cpu: base, mem: base };
  for (const word of args) {
    const [, resource = '', name = '', value = ''] = /^--(cpu|mem)-([a-z-]+)=(.*)$/.exec(word) ?? [];
    const read = readers[name];
    if (!word.startsWith('--')) words.push(word);
    else if (read === undefined || (resource !== 'cpu' && resource !== 'mem'))
      throw new CommandError('BadArguments', `'${word}' is no option: ${OPTIONS} ${MEMORY_OPTIONS}`);
    else allocations[resource] = { ...allocations[resource], ...read(value, word) };
  }
  return { words, spec: { cpuAllocation: allocations.cpu, memoryAllocation: allocations.mem } };
}

function amount(text: string, option: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CommandError('BadArguments', `${option}: '${text}' is no number`);
}

function truth(text: string, option: string): boolean {
  if (/^(true|false|1|0)$/.test(text)) return text === 'true' || text === '1';
  throw new CommandError('BadArguments', `${option}: '${text}' is neither true nor false`);
}

function shares(text: string, option: string): SharesInfo {
  if (/^(low|normal|high)$/.test(text)) return { level: text as SharesLevel, shares: 0 };
  return { level: 'custom', shares: amount(text, option) };
}

/** `pool<N>` or `ha-root-pool`; without one, the root. */
async function poolOf(agent: HostAgent, moid: string | undefined): Promise<ManagedObjectReference> {
  return moid === undefined
    ? await propertyOfFirst(agent, 'ComputeResource', 'resourcePool')
    : new ManagedObjectReference('ResourcePool', moid);
}

function wanted(words: readonly string[], names: readonly string[]): void {
  if (words.length === names.length) return;
  throw new CommandError(
    'BadArguments',
    `takes ${names.join(', ')}, and options ${OPTIONS} ${MEMORY_OPTIONS}`,
  );
}

const unlimited: ResourceAllocationInfo = {
  reservation: 0,
  expandableReservation: true,
  limit: -1,
  shares: { level: 'normal', shares: 0 },
};

const create: Command = {
  name: `${RESOURCES}/create`,
  parameters: ['parent', 'name', ...optionParameters],
  summary: `Makes a resource pool below another: ${OPTIONS}, the same with --mem-`,
  async run(agent, args, print) {
    const { words, spec } = readLine(args, unlimited);
    wanted(words, ['parent', 'name']);
    const [parent = '', name = ''] = words;
    const pool = await agent.call(await poolOf(agent, parent), 'CreateResourcePool', { name, spec });
    print(`'vim.ResourcePool:${reference(pool).value}'\n`);
  },
};

const configSet: Command = {
  name: `${RESOURCES}/pool_config_set`,
  parameters: ['pool', ...optionParameters],
  summary: 'Changes what a resource pool is given; options as for create',
  async run(agent, args) {
    const { words, spec } = readLine(args, {});
    wanted(words, ['pool']);
    await agent.call(await poolOf(agent, words[0]), 'UpdateConfig', { config: spec });
  },
};

const configGet: Command = {
  name: `${RESOURCES}/pool_config_get`,
  parameters: ['[pool]'],
  summary: 'What a resource pool, or the root, is given',
  run: async (agent, [pool], print) =>
    print(await dumpedProperty(agent, await poolOf(agent, pool), 'config')),
};

const rename: Command = {
  name: `${RESOURCES}/rename`,
  parameters: ['pool', 'name'],
  summary: 'Gives a resource pool another name',
  run: async (agent, [pool, name = '']) =>
    void (await agent.call(await poolOf(agent, pool), 'UpdateConfig', { name })),
};

const destroy: Command = {
  name: `${RESOURCES}/destroy`,
  parameters: ['pool'],
  summary: 'Removes a resource pool; what is in it goes to its parent',
  run: async (agent, [pool]) =>
    void (await agent.waitForTask(await agent.call(await poolOf(agent, pool), 'Destroy_Task', {}))),
};

const move: Command = {
  name: `${RESOURCES}/move`,
  parameters: ['pool', 'member'],
  summary: 'Moves a virtual machine (by its vmid) or a resource pool into a pool',
  async run(agent, [pool, member = '']) {
    const type = /^\d+$/.test(member) ? 'VirtualMachine' : 'ResourcePool';
    const list = [new ManagedObjectReference(type, member)];
    await agent.call(await poolOf(agent, pool), 'MoveIntoResourcePool', { list });
  },
};

const summary: Command = {
  name: `${RESOURCES}/summary`,
  parameters: ['[pool]'],
  summary: 'What a resource pool, or the root, is given and uses',
  run: async (agent, [pool], print) =>
    print(await dumpedProperty(agent, await poolOf(agent, pool), 'summary')),
};

const children: Command = {
  name: `${RESOURCES}/child_config_get`,
  parameters: ['[pool]'],
  summary: 'What the pools and virtual machines in a resource pool are given',
  async run(agent, [pool], print) {
    const of = await agent.read(await poolOf(agent, pool), ['childConfiguration']);
    print(dumped(of.get('childConfiguration') ?? [], 'ResourceConfigSpec', true));
  },
};

export const RESOURCE_COMMANDS: readonly Command[] = [
  create,
  configGet,
  configSet,
  children,
  rename,
  move,
  destroy,
  summary,
];
