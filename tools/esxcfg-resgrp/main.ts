import { type PoolInfo, VmkernelError } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import { type Change, parseCommandLine, USAGE } from './command-line.js';
import { changed, groupAt, NORMAL, splitPath, treeText } from './groups.js';

const CONTROL_SOCKET = '/var/run/vmware/control.sock';
class UsageError extends Error {}

async function main(args: readonly string[]): Promise<string> {
  const wanted = parseCommandLine(args);
  if (wanted.act === 'refuse') throw new UsageError(wanted.complaint);
  if (wanted.act === 'usage') return USAGE;
  const client = await VmkernelClient.connect(CONTROL_SOCKET);
  try {
    const { pools } = await client.call('listPools', {});
    if (wanted.act === 'list') return treeText(pools);
    await done(client, pools, wanted);
    return '';
  } finally {
    client.close();
  }
}

async function done(client: VmkernelClient, pools: readonly PoolInfo[], wanted: Change): Promise<void> {
  const { path } = wanted;
  if (wanted.act === 'add') {
    const { parent, name } = splitPath(path);
    const parentId = found(pools, parent).poolId;
    const allocations = settled({ cpu: NORMAL, memory: NORMAL }, wanted.settings);
    await client.call('createPool', { parentId, name, ...allocations });
    return;
  }
  const pool = found(pools, path);
  const { poolId } = pool;
  if (wanted.act === 'change')
    await client.call('updatePools', { changes: [{ poolId, ...settled(pool, wanted.settings) }] });
  else if (wanted.act === 'move')
    await client.call('moveIntoPool', {
      poolId: found(pools, wanted.parent).poolId,
      pools: [poolId],
      vms: [],
    });
  else await client.call('destroyPool', { poolId });
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
  const pool = groupAt(pools, path);
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
