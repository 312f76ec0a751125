import { type PoolInfo, VmkernelError } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import { changed, groupAt, NORMAL, splitPath, treeText } from './groups.js';

const CONTROL_SOCKET = '/var/run/vmware/control.sock';
const USAGE = `esxcfg-resgrp <options>
-l|--list                      The groups as a tree
-a|--add <path> [SETTING]…     Adds a group: /high/web below /high
-c|--change <path> SETTING…    Changes a group's settings, at once
-m|--move <path> <parent>      Moves a group below another
-d|--delete <path>             Deletes a group; what is in it goes to its parent
-h|--help                      This text
A SETTING is cpu.min=MHZ, cpu.max=MHZ|unlimited, cpu.shares=low|normal|high|NUMBER, cpu.expandable=yes|no,
or the same of mem in MB.
`;
const LONG: Readonly<Record<string, string>> = {
  '--list': '-l',
  '--add': '-a',
  '--change': '-c',
  '--move': '-m',
  '--delete': '-d',
  '--help': '-h',
};

class UsageError extends Error {}

async function main([flag = '-h', ...words]: readonly string[]): Promise<string> {
  const act = (Object.hasOwn(LONG, flag) && LONG[flag]) || flag;
  if (act === '-h') return USAGE;
  const client = await VmkernelClient.connect(CONTROL_SOCKET);
  try {
    const { pools } = await client.call('listPools', {});
    return await done(client, pools, act, words);
  } finally {
    client.close();
  }
}

async function done(
  client: VmkernelClient,
  pools: readonly PoolInfo[],
  act: string,
  [path = '', ...rest]: readonly string[],
): Promise<string> {
  if (act === '-l') return treeText(pools);
  if (path === '') throw new UsageError('A path is needed');
  if (act === '-a') {
    const { parent, name } = splitPath(path);
    const parentId = found(pools, parent).poolId;
    await client.call('createPool', { parentId, name, ...settled({ cpu: NORMAL, memory: NORMAL }, rest) });
  } else if (act === '-c') {
    const pool = found(pools, path);
    const { cpu, memory } = settled(pool, rest);
    await client.call('updatePools', { changes: [{ poolId: pool.poolId, cpu, memory }] });
  } else if (act === '-m') {
    const { poolId } = found(pools, rest[0] ?? '');
    await client.call('moveIntoPool', { poolId, pools: [found(pools, path).poolId], vms: [] });
  } else if (act === '-d') await client.call('destroyPool', { poolId: found(pools, path).poolId });
  else throw new UsageError(`Unknown option: ${act}`);
  return '';
}

function settled(
  before: Pick<PoolInfo, 'cpu' | 'memory'>,
  words: readonly string[],
): Pick<PoolInfo, 'cpu' | 'memory'> {
  let { cpu, memory } = before;
  for (const word of words) {
    const [, of, key = '', value = ''] = /^(cpu|mem)\.(\w+)=(.+)$/.exec(word) ?? [];
    const next = of === undefined ? undefined : changed(of === 'cpu' ? cpu : memory, key, value);
    if (next === undefined) throw new UsageError(`${word} is no setting`);
    if (of === 'cpu') cpu = next;
    else memory = next;
  }
  return { cpu, memory };
}

function found(pools: readonly PoolInfo[], path: string): PoolInfo {
  const pool = path === '' ? undefined : groupAt(pools, path);
  if (pool === undefined) throw new VmkernelError('NotFound', `There is no group ${path}`, { path });
  return pool;
}

main(process.argv.slice(2)).then(
  text => {
    process.stdout.write(text);
  },
  (error: unknown) => {
    process.exitCode = 1;
    process.stderr.write(`esxcfg-resgrp: ${error instanceof Error ? error.message : String(error)}\n`);
  },
);
