import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type Controller = 'pids' | 'memory';

/** Where Linux has a controller, as far as this process can make groups there. */
export interface Hierarchy {
  version: 1 | 2;
  /** Folders that may hold the console's group, the preferred first. */
  parents: readonly string[];
}

/** Why a controller cannot be had. */
export type NoPlace = 'no controller' | 'in other hands';

/**
 * @param mounts proc_pid_mounts(5)
 * @param own /proc/self/cgroup, cgroups(7)
 */
export function findHierarchy(controller: Controller, mounts: string, own: string): Hierarchy | NoPlace {
  const rows = mounts.split('\n').map(line => line.split(' '));
  const v1 = rows.find(
    ([, , type, options]) => type === 'cgroup' && options?.split(',').includes(controller),
  )?.[1];
  if (v1 !== undefined) return version1(controller, v1, own);
  const v2 = rows.find(([, , type]) => type === 'cgroup2')?.[1];
  if (v2 === undefined) return 'no controller';
  const group = below(v2, groupIn(own, '0::'));
  // A group with processes of its own, as ours, seldom hands its controllers on: then one beside it.
  return { version: 2, parents: unique([group, ...(group === v2 ? [] : [dirname(group)])]) };
}

function version1(controller: Controller, mount: string, own: string): Hierarchy | NoPlace {
  const group = groupIn(own, `\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:`);
  const place = below(mount, group);
  if (controller === 'pids') return { version: 1, parents: unique([place, mount]) };
  // Memory is never taken from above our own group: its limit holds for us too. A group that only the memory
  // controller knows was made by somebody who counts on finding our processes in it.
  const manager = groupIn(own, '\\d+:name=systemd:');
  return manager === undefined || manager === group ? { version: 1, parents: [place] } : 'in other hands';
}

function groupIn(own: string, prefix: string): string | undefined {
  return new RegExp(`^${prefix}(.*)$`, 'm').exec(own)?.[1];
}

function below(mount: string, path = '/'): string {
  // Above the root of this cgroup namespace there is nothing to see.
  return path.includes('..') ? mount : join(mount, path, '.');
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}

/** Which of the controllers a group made in `parent` would have. */
export function offered(version: 1 | 2, parent: string, controllers: readonly Controller[]): Controller[] {
  try {
    const file = version === 1 ? 'cgroup.procs' : 'cgroup.subtree_control';
    const listed = readFileSync(join(parent, file), 'utf8').split(/\s+/);
    return controllers.filter(controller => version === 1 || listed.includes(controller));
  } catch {
    return []; // it is not seen from here
  }
}
