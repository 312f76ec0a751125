import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../lib/log/index.js';

/** Processes and threads; a Node tool has some ten. */
const MAX_TASKS = 1024;
const REMOVE_MS = 5000;
const LOOK_MS = 20;

export function consoleCgroupName(bootId: string): string {
  return `esx-${bootId}`;
}

/** Where Linux has its pids controller, as far as this process can make groups there. */
export interface PidsHierarchy {
  version: 1 | 2;
  /** Folders that may hold the console's group, the preferred first. */
  parents: readonly string[];
}

/**
 * @param mounts proc_pid_mounts(5)
 * @param own /proc/self/cgroup, cgroups(7)
 */
export function findPidsHierarchy(mounts: string, own: string): PidsHierarchy | undefined {
  const rows = mounts.split('\n').map(line => line.split(' '));
  const v1 = rows.find(
    ([, , type, options]) => type === 'cgroup' && options?.split(',').includes('pids'),
  )?.[1];
  const v2 = rows.find(([, , type]) => type === 'cgroup2')?.[1];
  if (v1 !== undefined)
    return { version: 1, parents: unique([below(v1, own, /^\d+:(?:.*,)?pids(?:,.*)?:(.*)$/m), v1]) };
  if (v2 === undefined) return undefined;
  const group = below(v2, own, /^0::(.*)$/m);
  // A group with processes of its own, as ours, seldom hands its controllers on: then one beside it.
  return { version: 2, parents: unique([group, ...(group === v2 ? [] : [dirname(group)])]) };
}

function below(mount: string, own: string, line: RegExp): string {
  const path = line.exec(own)?.[1] ?? '/';
  // Above the root of this cgroup namespace there is nothing to see.
  return path.includes('..') ? mount : join(mount, path, '.');
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}

/**
 * The control group of the console's processes: no fork bomb in there takes the machine's pids. Nothing of the
 * machine's own groups is changed.
 */
export class ConsoleCgroup {
  private constructor(readonly folder: string) {}

  /** Where it would be; undefined, and `logger` is told why, where Linux offers no place. */
  static plan(bootId: string, logger: Logger): ConsoleCgroup | undefined {
    const hierarchy = findPidsHierarchy(
      readFileSync('/proc/self/mounts', 'utf8'),
      readFileSync('/proc/self/cgroup', 'utf8'),
    );
    const parent = hierarchy?.parents.find(folder => canLimitBelow(hierarchy.version, folder));
    if (parent !== undefined) return new ConsoleCgroup(join(parent, consoleCgroupName(bootId)));
    logger.warn('no pids controller can be had: the number of the console’s processes is not limited');
    return undefined;
  }

  /** Of an earlier boot, by what that boot wrote down. */
  static found(folder: string, bootId: string): ConsoleCgroup | undefined {
    const isOne = folder.startsWith('/') && basename(folder) === consoleCgroupName(bootId);
    return isOne ? new ConsoleCgroup(folder) : undefined;
  }

  /** @returns whether it is there; where not, `logger` is told why and the host goes on without */
  create(logger: Logger): boolean {
    try {
      mkdirSync(this.folder);
      writeFileSync(join(this.folder, 'pids.max'), String(MAX_TASKS));
      logger.info({ cgroup: this.folder, maxTasks: MAX_TASKS }, 'the console’s processes are limited');
      return true;
    } catch (error) {
      logger.warn(
        { err: error },
        'no cgroup can be made: the number of the console’s processes is not limited',
      );
      return false;
    }
  }

  /** Once its processes have ended; Linux may take a moment to forget them. */
  async remove(): Promise<void> {
    const deadlineMs = performance.now() + REMOVE_MS;
    for (;;) {
      try {
        rmdirSync(this.folder);
        return;
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'ENOENT') return;
        if (code !== 'EBUSY' || performance.now() > deadlineMs) throw error;
      }
      await sleep(LOOK_MS);
    }
  }
}

function canLimitBelow(version: 1 | 2, folder: string): boolean {
  try {
    const listed = readFileSync(
      join(folder, version === 1 ? 'cgroup.procs' : 'cgroup.subtree_control'),
      'utf8',
    );
    return version === 1 || listed.split(/\s+/).includes('pids');
  } catch {
    return false; // it is not seen from here
  }
}
