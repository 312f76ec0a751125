import { emptyMemoryControlFigures } from '../../kernel/abi/index.js';
import { attachStatistics, VmkernelClient } from '../../kernel/client/index.js';
import {
  CONSOLE_MEMORY_KEY,
  DEFAULT_CONSOLE_MEMORY_MB,
  parseConsoleMemory,
} from '../../lib/esxconf/index.js';
import { parseFlags, USAGE } from './flags.js';
import { type Facts, hostTree } from './info.js';
import { formatTree } from './tree.js';

const CONTROL_SOCKET = '/var/run/vmware/control.sock';

async function main(args: readonly string[]): Promise<number> {
  const wanted = parseFlags(args);
  if ('usage' in wanted) {
    process.stdout.write(USAGE);
    return 0;
  }
  if ('complaint' in wanted) {
    process.stderr.write(`esxcfg-info: ${wanted.complaint}\n`);
    return 1;
  }
  const client = await VmkernelClient.connect(CONTROL_SOCKET);
  try {
    process.stdout.write(formatTree(hostTree(await askFacts(client), wanted.sections)));
    return 0;
  } finally {
    client.close();
  }
}

async function askFacts(client: VmkernelClient): Promise<Facts> {
  const host = await client.call('hostInfo', {});
  const { value } = await client.call('getConfig', { key: CONSOLE_MEMORY_KEY });
  const { memory, host: tables } = attachStatistics(host.shmDir);
  const figures = emptyMemoryControlFigures();
  return {
    host,
    hardware: await client.call('hardwareInfo', {}),
    vms: (await client.call('listVms', {})).vms,
    datastores: (await client.call('listDatastores', {})).datastores,
    memory: memory.memoryControl.read(figures) ? figures : undefined,
    consoleMemoryMb: tables.hostControl.consoleMemoryMb(),
    consoleMemoryCfgMb: parseConsoleMemory(value ?? '') ?? DEFAULT_CONSOLE_MEMORY_MB,
    options: (await client.call('listOptions', {})).options,
    nowMs: Date.now(),
  };
}

main(process.argv.slice(2)).then(
  status => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.exitCode = 1;
    process.stderr.write(`esxcfg-info: ${error instanceof Error ? error.message : String(error)}\n`);
  },
);
