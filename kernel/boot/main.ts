import { writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_CONSOLE_MEMORY_MB } from '../../lib/esxconf/index.js';
import { closeFd, setParentDeathSignal, setThreadName } from '../../lib/linux/index.js';
import { openLog } from '../../lib/log/index.js';
import { Vmkernel } from './vmkernel.js';
import { vmxProgram } from './vmx-program.js';

const SIGTERM = 15;

const { values } = parseArgs({
  options: {
    root: { type: 'string' },
    'boot-id': { type: 'string' },
    'ready-fd': { type: 'string' },
    'init-fd': { type: 'string' },
    'shm-parent': { type: 'string', default: '/dev/shm' },
    'host-name': { type: 'string', default: hostname() },
    bind: { type: 'string', default: '127.0.0.1' },
    'port-offset': { type: 'string', default: '0' },
    'console-memory-mb': { type: 'string', default: String(DEFAULT_CONSOLE_MEMORY_MB) },
    'memory-mb': { type: 'string' },
    cpus: { type: 'string' },
    'vmx-node-flags': { type: 'string' },
    'vmkauthd-fd': { type: 'string' },
    'inject-failures': { type: 'boolean', default: false },
  },
});

const root = values.root;
const bootId = values['boot-id'];
if (root === undefined || bootId === undefined || !/^[\w-]{1,64}$/.test(bootId)) {
  process.stderr.write(
    'usage: vmkernel --root DIR --boot-id ID [--ready-fd N] [--init-fd N] [--host-name NAME] [--bind ADDRESS] [--port-offset N] [--console-memory-mb N] [--memory-mb N] [--cpus 0,1] [--vmx-node-flags=FLAGS] [--vmkauthd-fd N] [--inject-failures]\n',
  );
  process.exit(2);
}

setThreadName('vmkernel');
setParentDeathSignal(SIGTERM);
const log = openLog({
  path: join(resolve(root), 'var', 'log', 'vmkernel'),
  warningsPath: join(resolve(root), 'var', 'log', 'vmkwarning'),
  form: { kind: 'vmkernel', hostName: values['host-name'], bootTimeMs: Date.now() },
});

let ending = false;
const end = (code: number): void => {
  if (ending) return;
  ending = true;
  void vmkernel.stop().then(clean => {
    log.close();
    if (clean) process.exit(code);
    process.kill(process.pid, 'SIGKILL');
  });
};
const panic = (error: Error): void => {
  log.logger.fatal({ module: 'Panic', err: error }, 'the VMkernel stops');
  end(1);
};
const memoryMb = values['memory-mb'];
const initFd = values['init-fd'];
const vmxNodeFlags = values['vmx-node-flags'];
const vmkauthdFd = values['vmkauthd-fd'];
const daemonMain = (name: string) => fileURLToPath(new URL(`../../daemons/${name}/main.js`, import.meta.url));
const vmkernel = new Vmkernel(
  {
    root: resolve(root),
    bootId,
    shmParent: values['shm-parent'],
    hostName: values['host-name'],
    initPid: process.ppid,
    bind: values.bind,
    portOffset: Number(values['port-offset']),
    consoleMemoryMb: Number(values['console-memory-mb']),
    injectFailures: values['inject-failures'],
    vmxMainPath: vmxProgram(daemonMain('vmware-vmx')),
    ...(vmkauthdFd === undefined
      ? {}
      : { vmkauthd: { mainPath: daemonMain('vmkauthd'), listenFd: Number(vmkauthdFd) } }),
    ...(initFd === undefined ? {} : { initFd: Number(initFd) }),
    ...(memoryMb === undefined ? {} : { memoryMb: Number(memoryMb) }),
    ...(values.cpus === undefined ? {} : { cpus: values.cpus.split(',').map(Number) }),
    ...(vmxNodeFlags === undefined ? {} : { vmxNodeFlags: vmxNodeFlags.split(' ').filter(Boolean) }),
  },
  log.logger,
  panic,
);
process.on('SIGTERM', () => end(0));
process.on('SIGINT', () => end(0));
process.on('uncaughtException', panic);
process.on('unhandledRejection', reason =>
  panic(reason instanceof Error ? reason : new Error(String(reason))),
);

try {
  await vmkernel.boot();
  const readyFd = values['ready-fd'];
  if (readyFd !== undefined) {
    writeSync(Number(readyFd), 'ready\n');
    closeFd(Number(readyFd));
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  log.logger.fatal({ module: 'Boot', err: error }, 'boot failed');
  process.stderr.write(`vmkernel: ${message}\n`);
  log.close();
  process.exit(1);
}
