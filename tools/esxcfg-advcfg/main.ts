import { type AdvancedOptionInfo, VmkernelError } from '../../kernel/abi/index.js';
import { VmkernelClient } from '../../kernel/client/index.js';
import { parseCommandLine, USAGE, type Wanted } from './command-line.js';
import { listText, valueText } from './texts.js';

const CONTROL_SOCKET = '/var/run/vmware/control.sock';

async function main(args: readonly string[]): Promise<number> {
  const wanted = parseCommandLine(args);
  if (wanted.act === 'refuse') {
    process.stderr.write(`esxcfg-advcfg: ${wanted.complaint}\n`);
    return 1;
  }
  if (wanted.act === 'usage') {
    process.stdout.write(USAGE);
    return 0;
  }
  const client = await VmkernelClient.connect(CONTROL_SOCKET);
  try {
    process.stdout.write(await done(client, wanted));
    return 0;
  } finally {
    client.close();
  }
}

/** @returns what to print */
async function done(
  client: VmkernelClient,
  wanted: Exclude<Wanted, { act: 'refuse' } | { act: 'usage' }>,
): Promise<string> {
  const { options } = await client.call('listOptions', {});
  if (wanted.act === 'list') return listText(options);
  const option = found(options, wanted.path);
  if (wanted.act === 'get') return valueText(option);
  const { path } = option;
  const value = wanted.act === 'set' ? wanted.value : option.defaultValue;
  await client.call('setOptions', { changes: [{ path, value }] });
  return wanted.quiet ? '' : valueText({ path, value });
}

function found(options: readonly AdvancedOptionInfo[], path: string): AdvancedOptionInfo {
  const option = options.find(one => one.path === path);
  if (option === undefined)
    throw new VmkernelError('NotFound', `There is no advanced option ${path}`, { path });
  return option;
}

main(process.argv.slice(2)).then(
  status => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.exitCode = 1;
    process.stderr.write(`esxcfg-advcfg: ${error instanceof Error ? error.message : String(error)}\n`);
  },
);
