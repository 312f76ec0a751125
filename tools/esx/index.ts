/**
 * tools/esx: the front door. Brings a host up and down, shows it, opens its shell and its VMs' serial consoles, runs
 * tests and benchmarks. The script ./esx has installed and built before it gets here.
 *
 * Layers: arguments, errors, progress < root-folder (paths) < init-client, inventory (what a host says of itself)
 *         < user-namespace, machine-pids (an ordinary user's host), soap-session
 *         < gather-status, launch, guest-image, vm-power < up, shell, serial-console, testing, vm-console, check < demo < index.
 *
 * Invariants
 * - A host is reached by its sockets and files only; nothing of a daemon is imported.
 * - stdout carries what was asked for; progress, notes and errors go to stderr.
 * - What the console may write (inventory, known hosts) is read without following links.
 */
import { join } from 'node:path';
import { aptPackagesFor } from '../../guests/index.js';
import { type Command, parseArguments, USAGE } from './arguments.js';
import { runCheck } from './check/index.js';
import { installPackages } from './debian-packages.js';
import { demonstrateConsole, type Stage } from './demo/console-demo.js';
import { demonstrateCpu, endCpuDemo } from './demo/cpu-demo.js';
import { FrontDoorError, type FrontDoorErrorCode } from './errors.js';
import { gatherStatus, wasEverUp } from './gather-status.js';
import { askInit, type InitStatus } from './init-client.js';
import { Progress } from './progress.js';
import { RootFolder } from './root-folder.js';
import { runProcess } from './run-process.js';
import { connectSerial, pipeThrough, type Terminal, talk } from './serial-console.js';
import { findOpenSsh, type SshAccess, shellByLibrary, shellByOpenSsh } from './shell.js';
import { addressOf } from './soap-session.js';
import { statusTable } from './status.js';
import { runTests } from './testing/test-run.js';
import { down, serialSocketOf, up } from './up.js';
import { showScreen } from './vm-console/index.js';

export interface Surroundings extends Terminal {
  readonly tree: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** The command line is wrong, or what was asked could not be looked at: 1 is then an answer. */
const TROUBLE = 2;
const trouble: ReadonlySet<FrontDoorErrorCode> = new Set(['BadArguments', 'NotChecked']);
const QUIET_MS = 1000;
const SETTLE_LIMIT_MS = 10_000;
const WAIT_LIMIT_MS = 60_000;

/** Runs one command line. @returns the exit status */
export async function runFrontDoor(argv: readonly string[], around: Surroundings): Promise<number> {
  try {
    return await run(parseArguments(argv), around);
  } catch (error) {
    if (!(error instanceof FrontDoorError)) {
      around.notes(`esx: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      return 1;
    }
    around.notes(`esx: ${error.message}\n${error.advice === undefined ? '' : `     ${error.advice}\n`}`);
    return trouble.has(error.code) ? TROUBLE : 1;
  }
}

async function run(command: Command, around: Surroundings): Promise<number> {
  if (command.name === 'help') {
    around.output.write(USAGE);
    return 0;
  }
  const root = new RootFolder(command.root ?? join(around.tree, 'var/esx'));
  const progress = new Progress(around.notes, () => performance.now());
  switch (command.name) {
    case 'up': {
      const status = await up(
        root,
        { ...command, tree: around.tree, environment: around.environment },
        progress,
      );
      around.output.write(`${statusTable(status)}${nextSteps(root, around.tree)}`);
      return 0;
    }
    case 'down':
      if (!(await down(root, progress))) progress.note(`no host runs in ${root.path}`);
      return 0;
    case 'status': {
      if (!wasEverUp(root)) throw new FrontDoorError('HostDown', `no host was ever up in ${root.path}`);
      const status = await gatherStatus(root, text => progress.note(text));
      around.output.write(command.json ? `${JSON.stringify(status, null, 2)}\n` : statusTable(status));
      return 0;
    }
    case 'shell':
      return shell(root, command.command, around);
    case 'console':
      return serialConsole(root, command, around);
    case 'screen':
      return showScreen(await runningInit(root), root.password(), command, around);
    case 'demo':
      await demonstrate(root, command, { around, progress });
      return 0;
    case 'check':
      return check(root, command.seconds, around);
    case 'test':
      return runTests({ tree: around.tree, environment: around.environment }, command.only, text =>
        around.output.write(text),
      );
    case 'bench': {
      await installPackages(aptPackagesFor(['linux', 'tiny', 'asm', 'test']), around.environment);
      const main = join(around.tree, 'dist/bench/main.js');
      const runs = command.runs === undefined ? [] : ['--runs', String(command.runs)];
      const flags = (['json', 'quick', 'full'] as const).filter(flag => command[flag]);
      const args = [...command.benches, ...flags.map(flag => `--${flag}`), ...runs];
      const under = command.root === undefined ? [] : ['--root', root.path];
      return (
        await runProcess(process.execPath, [main, ...args, ...under], {
          env: around.environment,
          output: 'inherit',
        })
      ).status;
    }
  }
}

async function check(root: RootFolder, seconds: number, { output }: Surroundings): Promise<number> {
  try {
    const init = await runningInit(root);
    const print = (text: string): unknown => output.write(text);
    return await runCheck({ socketPath: root.vmkernelSocket, init, seconds, print });
  } catch (error) {
    if (!(error instanceof FrontDoorError)) throw error;
    throw new FrontDoorError('NotChecked', error.message, error.advice, { cause: error });
  }
}

async function demonstrate(
  root: RootFolder,
  command: Extract<Command, { name: 'demo' }>,
  { around, progress }: { around: Surroundings; progress: Progress },
): Promise<void> {
  const stage: Stage = {
    step: title => around.output.write(`\n${title}\n`),
    see: text => around.output.write(`   ${text}\n`),
  };
  const init = await runningInit(root);
  if (command.demo === 'console') return demonstrateConsole(root, init, stage);
  const host = { root, init, work: { tree: around.tree, environment: around.environment, progress } };
  return command.end ? endCpuDemo(host, stage) : demonstrateCpu(host, command.last, stage);
}

function nextSteps(root: RootFolder, tree: string): string {
  const option = root.path === join(tree, 'var/esx') ? '' : ` --root ${root.path}`;
  return `
  try        ./esx console${option} linux          the guest's shell; Ctrl-] leaves
             ./esx shell${option} esxtop           the host's CPUs and worlds
             ./esx shell${option} vim-cmd vmsvc/getallvms
             ./esx down${option}
`;
}

async function shell(root: RootFolder, command: readonly string[], around: Surroundings): Promise<number> {
  const init = await runningInit(root);
  const access: SshAccess = {
    address: addressOf(init),
    port: init.ports.ssh,
    user: init.user,
    passwordFile: init.passwordFile,
    password: root.password(),
    knownHostsFile: root.in('known_hosts'),
  };
  const ssh = findOpenSsh(around.environment.PATH);
  return ssh === undefined
    ? shellByLibrary(access, command)
    : shellByOpenSsh(ssh, around.tree, access, command, around.environment);
}

async function runningInit(root: RootFolder): Promise<InitStatus> {
  const init = await askInit(root.initSocket, 'status');
  if (init === undefined)
    throw new FrontDoorError('HostDown', `no host runs in ${root.path}`, 'Start it with ./esx up.');
  return init;
}

async function serialConsole(
  root: RootFolder,
  command: Extract<Command, { name: 'console' }>,
  around: Surroundings,
): Promise<number> {
  const socket = await connectSerial(await serialSocketOf(root, command.vm));
  if (around.input.isTTY === true && command.waitFor === undefined) {
    await talk(command.vm, socket, around);
    return 0;
  }
  const limitMs = command.timeoutMs ?? (command.waitFor === undefined ? SETTLE_LIMIT_MS : WAIT_LIMIT_MS);
  await pipeThrough(socket, around, {
    quietMs: QUIET_MS,
    limitMs,
    ...(command.waitFor === undefined ? {} : { waitFor: command.waitFor }),
  });
  return 0;
}
