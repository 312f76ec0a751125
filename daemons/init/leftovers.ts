import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeFd, pidfdEnded, pidfdOpen, pidfdSignal, reap } from '../../lib/linux/index.js';
import type { Logger } from '../../lib/log/index.js';
import { ConsoleCgroups } from './console-cgroups.js';
import { writeDurably } from './host-config.js';
import { type HostFolder, sharedMemoryFolder } from './host-folder.js';
import { InitError } from './init-error.js';
import { childrenOf, readProcess } from './process-table.js';

const SIGKILL = 9;
const GO_BY_ITSELF_MS = 8000;
const GO_KILLED_MS = 5000;
const LOOK_MS = 20;

/** A process of a boot, named beyond reuse of its pid. */
interface BootProcess {
  pid: number;
  startTicks: number;
  name: string;
}

/** What a boot leaves on the machine if nobody clears it: written before the first such thing is made. */
export interface BootRecord {
  bootId: string;
  processes: BootProcess[];
  /** The console's control groups. */
  cgroups: readonly string[];
}

export function writeBootRecord(
  folder: HostFolder,
  { bootId, pids, cgroups }: { bootId: string; pids: readonly number[]; cgroups: readonly string[] },
): void {
  const processes = pids.map(readProcess).filter(row => row !== undefined);
  const record: BootRecord = {
    bootId,
    processes: processes.map(({ pid, startTicks, name }) => ({ pid, startTicks, name })),
    cgroups,
  };
  writeDurably(folder.bootFile, JSON.stringify(record), 0o600);
}

/**
 * Clears what a killed init left: its processes are given the time to notice, then killed; its shared memory,
 * control groups and run files are removed. Mounts went with their namespace. @throws InitError LeftoverProcess
 */
export async function clearLastBoot(folder: HostFolder, logger: Logger): Promise<void> {
  const record = readRecord(folder.bootFile);
  if (record !== undefined) {
    logger.warn({ bootId: record.bootId }, 'the last boot was not ended in order: clearing');
    for (const process of record.processes) await endProcess(process);
    removeSharedMemory(record.bootId);
    await removeCgroups(record, logger);
  }
  folder.clearRun();
}

async function removeCgroups({ bootId, cgroups }: BootRecord, logger: Logger): Promise<void> {
  try {
    await ConsoleCgroups.found(cgroups, bootId).remove();
  } catch (error) {
    logger.warn({ err: error }, 'the last boot’s cgroups stay');
  }
}

export function removeSharedMemory(bootId: string): void {
  rmSync(sharedMemoryFolder(bootId), { recursive: true, force: true });
}

/** Waits for orphans that Linux gave to this process (a dead VMkernel's vmx), kills those that stay, reaps them all. */
export async function endAdopted(known: ReadonlySet<number>, logger: Logger): Promise<void> {
  const deadlineMs = Date.now() + GO_BY_ITSELF_MS;
  for (;;) {
    const left = childrenOf(process.pid).filter(({ pid }) => !known.has(pid));
    if (left.length === 0) return;
    for (const { pid, name, ended } of left) {
      if (ended) reap(pid);
      else if (Date.now() > deadlineMs) {
        logger.warn({ process: pid, name }, 'a process did not end by itself: killed');
        killExactly(pid);
      }
    }
    await sleep(LOOK_MS);
  }
}

function killExactly(pid: number): void {
  const pidfd = pidfdOpen(pid);
  if (pidfd < 0) return;
  pidfdSignal(pidfd, SIGKILL);
  closeFd(pidfd);
}

async function endProcess(old: BootProcess): Promise<void> {
  const pidfd = pidfdOpen(old.pid);
  if (pidfd < 0) return;
  try {
    // Looked at after the descriptor was taken: it is this process or an earlier one, never a later one.
    if (readProcess(old.pid)?.startTicks !== old.startTicks) return;
    if (await endsWithin(pidfd, GO_BY_ITSELF_MS)) return;
    pidfdSignal(pidfd, SIGKILL);
    if (!(await endsWithin(pidfd, GO_KILLED_MS)))
      throw new InitError('LeftoverProcess', { pid: old.pid, name: old.name });
  } finally {
    closeFd(pidfd);
  }
}

async function endsWithin(pidfd: number, timeMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + timeMs;
  while (!pidfdEnded(pidfd)) {
    if (Date.now() > deadlineMs) return false;
    await sleep(LOOK_MS);
  }
  return true;
}

function readRecord(path: string): BootRecord | undefined {
  if (!existsSync(path)) return undefined;
  const { bootId, processes, cgroups } = JSON.parse(readFileSync(path, 'utf8')) as Partial<BootRecord>;
  if (typeof bootId !== 'string' || !/^[\w-]{1,64}$/.test(bootId)) return undefined;
  return {
    bootId,
    processes: Array.isArray(processes) ? processes : [],
    cgroups: Array.isArray(cgroups) ? cgroups.filter(folder => typeof folder === 'string') : [],
  };
}
