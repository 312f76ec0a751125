import { spawn } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FrontDoorError, type FrontDoorErrorCode } from './errors.js';
import { askInit, type InitStatus } from './init-client.js';
import type { RootFolder } from './root-folder.js';
import { namespaceCommand } from './user-namespace.js';

const LOOK_MS = 20;
const BOOT_LIMIT_MS = 90_000;

export interface LaunchOptions {
  readonly tree: string;
  readonly portOffset?: number;
  readonly bind?: string;
  /** How long the host may take; 90 s. */
  readonly limitMs?: number;
  readonly environment: NodeJS.ProcessEnv;
}

/** Init's error codes that have a cause the user can do something about; its message says what. */
const CAUSES: Readonly<Record<string, FrontDoorErrorCode>> = {
  PortInUse: 'PortInUse',
  PortRefused: 'PortInUse',
  NoFreePorts: 'PortInUse',
  AlreadyUp: 'OtherRunning',
  NotRoot: 'NotRoot',
};

/** Starts init in a session of its own and waits until the host runs. @throws FrontDoorError with init's own words */
export async function launchInit(root: RootFolder, options: LaunchOptions): Promise<InitStatus> {
  mkdirSync(root.in('run'), { recursive: true });
  const wordsFile = root.in('run/init-words');
  const words = openSync(
    wordsFile,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
    0o600,
  );
  const main = join(options.tree, 'dist/daemons/init/main.js');
  const [program = '', ...args] = [
    ...(await namespaceCommand()),
    process.execPath,
    main,
    ...flags(root, options),
  ];
  const child = spawn(program, args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', words, words],
    env: options.environment,
  });
  closeSync(words);
  const ended = new Promise<'ended'>((resolve, reject) => {
    child.on('exit', () => resolve('ended'));
    child.on('error', reject);
  });
  try {
    const status = await awaitReady(root, ended, options.limitMs);
    const said = readFileSync(wordsFile, 'utf8');
    rmSync(wordsFile);
    if (status === 'ended') throw fromInit(said, root);
    return status;
  } finally {
    child.unref(); // a host that is late must not keep this process either
  }
}

/** Waits until every daemon of a host that is starting runs. `ended` resolves when its init is gone. */
export async function awaitReady(
  root: RootFolder,
  ended: Promise<'ended'> = new Promise(() => undefined),
  limitMs = BOOT_LIMIT_MS,
): Promise<InitStatus | 'ended'> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    const status = await Promise.race([ended, askInit(root.initSocket, 'status').catch(() => undefined)]);
    if (status === 'ended') return status;
    if (status !== undefined && isReady(status)) return status;
    const failure = status?.daemons.find(daemon => isNeeded(daemon) && daemon.failure !== undefined)?.failure;
    if (failure !== undefined)
      throw new FrontDoorError('HostFailed', failure, `${logAdvice(root)} ./esx down ends what runs.`);
    if (performance.now() > deadlineMs)
      throw new FrontDoorError(
        'HostFailed',
        `the host did not come up in ${limitMs / 1000} s: ${late(status)}`,
        `${logAdvice(root)} ./esx down ends what runs.`,
      );
    await Promise.race([ended, delay(LOOK_MS)]);
  }
}

export function isReady(status: InitStatus): boolean {
  return (
    status.state === 'running' &&
    status.daemons.every(daemon => daemon.state === 'running' || !isNeeded(daemon))
  );
}

/** Without procfs the console has no /proc/vmware, and all else works. */
function isNeeded({ name }: InitStatus['daemons'][number]): boolean {
  return name !== 'procfs';
}

function late(status: InitStatus | undefined): string {
  const waiting = status?.daemons
    .filter(d => d.state !== 'running' && isNeeded(d))
    .map(d => `${d.name} is ${d.state}`);
  return waiting === undefined || waiting.length === 0 ? 'init does not answer' : waiting.join(', ');
}

function flags(root: RootFolder, { portOffset, bind }: LaunchOptions): string[] {
  return [
    '--root',
    root.path,
    ...(portOffset === undefined ? [] : ['--port-offset', String(portOffset)]),
    ...(bind === undefined ? [] : ['--bind', bind]),
  ];
}

function fromInit(words: string, root: RootFolder): FrontDoorError {
  const line =
    words
      .trimEnd()
      .split('\n')
      .find(text => text.startsWith('init: ')) ?? words.trimEnd();
  const [, code = '', message = line] = /^init: (?:(\w+): )?(.*)$/s.exec(line) ?? [];
  return new FrontDoorError(
    CAUSES[code] ?? 'HostFailed',
    message || 'the host was taken down while it came up',
    logAdvice(root),
  );
}

function logAdvice(root: RootFolder): string {
  return `The logs are in ${root.in('var/log')}: init.log, vmkernel, vmware/hostd.log.`;
}
