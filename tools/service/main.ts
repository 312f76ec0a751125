import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { ServiceAction } from '../../kernel/abi/index.js';
import { act, COMMANDS, SERVICES, type Service } from './services.js';

/** The VMkernel's control socket, as the service console sees it. */
const CONTROL_SOCKET = '/var/run/vmware/control.sock';
const SCRIPTS = '/etc/init.d';
const NO_RIGHT = 4;

async function main([name, command, ...more]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help') {
    process.stderr.write('usage: service NAME ACTION\n       service --status-all\n');
    return name === undefined ? 1 : 0;
  }
  if (name === '--status-all') return statusOfAll();
  const service = SERVICES[name];
  if (service === undefined) return runScript(name, command === undefined ? [] : [command, ...more]);
  const known = COMMANDS.find(one => one === command);
  if (known === undefined) {
    process.stderr.write(`Usage: service ${name} {${COMMANDS.join('|')}}\n`);
    return 1;
  }
  if (!isRoot()) return NO_RIGHT;
  const { out, status } = await withKernel(service, ask => act(service, known, ask));
  process.stdout.write(out);
  return status;
}

async function statusOfAll(): Promise<number> {
  if (!isRoot()) return NO_RIGHT;
  for (const service of Object.values(SERVICES)) {
    const { out } = await withKernel(service, ask => act(service, 'status', ask));
    process.stdout.write(out);
  }
  return 0;
}

function isRoot(): boolean {
  if (process.geteuid?.() === 0) return true;
  process.stderr.write('service: must be root\n');
  return false;
}

async function withKernel<T>(
  { daemon }: Service,
  work: (ask: Parameters<typeof act>[2]) => Promise<T>,
): Promise<T> {
  // Loaded when it is needed: it binds native code.
  const { VmkernelClient } = await import('../../kernel/client/index.js');
  const client = await VmkernelClient.connect(CONTROL_SOCKET);
  try {
    return await work((action: ServiceAction) => client.call('service', { service: daemon, action }));
  } finally {
    client.close();
  }
}

function runScript(name: string, words: readonly string[]): number {
  const path = join(SCRIPTS, name);
  try {
    if (!/^[\w.-]+$/.test(name)) throw new Error('no name of a script');
    accessSync(path, constants.X_OK);
  } catch {
    process.stderr.write(`${name}: unrecognized service\n`);
    return 1;
  }
  return spawnSync(path, words, { stdio: 'inherit' }).status ?? 1;
}

main(process.argv.slice(2)).then(
  status => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.exitCode = 1;
    process.stderr.write(`service: ${error instanceof Error ? error.message : String(error)}\n`);
  },
);
