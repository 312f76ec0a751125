import { closeSync, constants, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { closeFd, lockFile, pidfdEnded, pidfdOpen } from '../../lib/linux/index.js';
import { installConsolePackages } from './console-packages.js';
import { FrontDoorError } from './errors.js';
import { connectKernel, gatherStatus } from './gather-status.js';
import { deliverLinux, furnish, LINUX } from './guest-image.js';
import { awaitPrompt } from './guest-prompt.js';
import { askInit, type InitStatus } from './init-client.js';
import { awaitReady, launchInit } from './launch.js';
import type { Progress } from './progress.js';
import type { RootFolder } from './root-folder.js';
import type { HostStatus } from './status.js';
import { VmPower } from './vm-power.js';

const LOOK_MS = 20;
const DOWN_LIMIT_MS = 60_000;

export interface UpOptions {
  readonly portOffset?: number;
  readonly bind?: string;
  readonly vm: 'linux' | 'none';
  readonly tree: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Brings the host up, or finds it up. Whatever state an earlier, interrupted `up` left, this one completes it; a host
 * that is complete is not touched.
 */
export async function up(root: RootFolder, options: UpOptions, progress: Progress): Promise<HostStatus> {
  root.prepare();
  return whileLocked(root, async () => {
    const note = (text: string) => progress.note(text);
    const running = await askInit(root.initSocket, 'status');
    if (running !== undefined) refuseOtherSettings(running, options);
    if (running !== undefined && isComplete(root, options.vm)) return gatherStatus(root, note);
    const around = { ...options, progress };
    if (running === undefined) {
      await furnish(root, options.vm === 'linux', around);
      await installConsolePackages(options.environment, progress);
    }
    const boot = () => (running === undefined ? launchInit(root, options) : foundStarting(root));
    const init = await progress.step('host', boot, described);
    if (init.portsMoved)
      progress.note(`ports moved by ${init.portOffset}: the product's own cannot be had here`);
    if (options.vm === 'linux') {
      await deliverLinux(root, around);
      await startLinux(root, init, progress);
    }
    writeFileSync(root.completeMark, options.vm);
    return gatherStatus(root, note);
  });
}

/** What an earlier `up` of this boot has done, by what it was asked for. */
function isComplete(root: RootFolder, vm: UpOptions['vm']): boolean {
  if (!existsSync(root.completeMark)) return false;
  return vm === 'none' || readFileSync(root.completeMark, 'utf8') === vm;
}

/** An init that somebody else started is on its way up, or was left there by an `up` that was interrupted. */
async function foundStarting(root: RootFolder): Promise<InitStatus> {
  const status = await awaitReady(root);
  if (status === 'ended') throw new FrontDoorError('HostFailed', 'init ended while the host came up');
  return status;
}

/** @returns false when there was no host to end */
export async function down(root: RootFolder, progress: Progress): Promise<boolean> {
  const running = await askInit(root.initSocket, 'status');
  if (running === undefined) return false;
  const pid = running.daemons.find(daemon => daemon.name === 'init')?.pid ?? 0;
  const pidfd = pid > 0 ? pidfdOpen(pid) : -1;
  try {
    await progress.step('host down', async () => {
      await askInit(root.initSocket, 'shutdown');
      await processEnd(pidfd);
    });
  } finally {
    if (pidfd >= 0) closeFd(pidfd);
  }
  return true;
}

async function processEnd(pidfd: number): Promise<void> {
  const deadlineMs = performance.now() + DOWN_LIMIT_MS;
  while (pidfd >= 0 && !pidfdEnded(pidfd)) {
    if (performance.now() > deadlineMs)
      throw new FrontDoorError(
        'HostFailed',
        'init does not end after its shutdown',
        'See init.log, then kill it.',
      );
    await delay(LOOK_MS);
  }
}

function described(init: InitStatus): string {
  return `host (${init.daemons.map(d => d.name).join(', ')})`;
}

/** The lock goes with the process, whoever kills it. */
async function whileLocked<T>(root: RootFolder, work: () => Promise<T>): Promise<T> {
  const fd = openSync(root.lockFile, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    if (!lockFile(fd))
      throw new FrontDoorError(
        'OtherRunning',
        `another ./esx up is at work in ${root.path}`,
        'Wait for it to end.',
      );
    return await work();
  } finally {
    closeSync(fd);
  }
}

function refuseOtherSettings(running: InitStatus, options: UpOptions): void {
  if (running.state === 'stopping')
    throw new FrontDoorError('OtherRunning', 'the host is going down', 'Run ./esx up again when it is down.');
  const differs = (name: string, has: string | number) =>
    new FrontDoorError(
      'SettingsDiffer',
      `the host is up with ${name} ${has}`,
      'Run ./esx down first to change it.',
    );
  if (options.portOffset !== undefined && options.portOffset !== running.portOffset)
    throw differs('--port-offset', running.portOffset);
  if (options.bind !== undefined && options.bind !== running.bind) throw differs('--bind', running.bind);
}

async function startLinux(root: RootFolder, init: InitStatus, progress: Progress): Promise<void> {
  const power = await VmPower.login(init, root.password());
  try {
    const vm = await progress.step('register linux', () => power.register(`[storage1] ${LINUX.vmxFile}`));
    await progress.step('power on linux', () => power.on(vm));
  } finally {
    await power.logout();
  }
  await progress.step('guest prompt', () => awaitPrompt(() => serialSocketOf(root, LINUX.name)));
}

/** @throws FrontDoorError UnknownVm, HostDown */
export async function serialSocketOf(root: RootFolder, vmName: string): Promise<string> {
  const kernel = await connectKernel(root);
  if (kernel === undefined)
    throw new FrontDoorError('HostDown', `no host runs in ${root.path}`, 'Start it with ./esx up.');
  try {
    const status = await gatherStatus(root, () => undefined);
    const known = status.vms.find(vm => [vm.name, String(vm.vmid), vm.path].includes(vmName));
    const { vms } = await kernel.call('listVms', {});
    const running = vms.find(vm => vm.name === (known?.name ?? vmName) || vm.vmxPath === vmName);
    if (running !== undefined) return root.serialSocket(running.worldId);
    if (known === undefined)
      throw new FrontDoorError(
        'UnknownVm',
        `this host has no VM ${vmName}`,
        status.vms.length === 0 ? undefined : `It has: ${status.vms.map(vm => vm.name).join(', ')}.`,
      );
    throw new FrontDoorError(
      'UnknownVm',
      `the VM ${vmName} is powered off`,
      `Power it on: ./esx shell vim-cmd vmsvc/power.on ${known.vmid}`,
    );
  } finally {
    kernel.close();
  }
}
