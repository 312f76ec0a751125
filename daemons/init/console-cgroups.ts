import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../lib/log/index.js';
import { type Controller, findHierarchy, type Hierarchy, type NoPlace, offered } from './cgroup-places.js';

/** Processes and threads; a Node tool has some ten. */
const MAX_TASKS = 1024;
const REMOVE_MS = 5000;
const LOOK_MS = 20;
const BYTES_PER_MB = 2 ** 20;

export function consoleCgroupName(bootId: string): string {
  return `esx-${bootId}`;
}

/** One group of the console's, in one hierarchy. */
export interface ConsoleGroup {
  readonly folder: string;
  readonly version: 1 | 2;
  readonly controllers: readonly Controller[];
}

/** What Linux keeps of the console; where it does not, why. */
export interface ConsoleLimits {
  readonly memory: 'kept' | NoPlace | 'refused';
  /** Whether the number of its processes is bounded. */
  readonly tasks: boolean;
}

/**
 * The control groups of the console's processes: no fork bomb in there takes the machine's pids, no hog its memory.
 * Nothing of the machine's own groups is changed.
 */
export class ConsoleCgroups {
  readonly #planned: readonly ConsoleGroup[];
  readonly #missing: ReadonlyMap<Controller, NoPlace>;
  #made: ConsoleGroup[] = [];
  #memory: ConsoleLimits['memory'];

  constructor(planned: readonly ConsoleGroup[], missing: ReadonlyMap<Controller, NoPlace> = new Map()) {
    this.#planned = planned;
    this.#missing = missing;
    this.#memory = missing.get('memory') ?? 'refused';
  }

  /** Where they would be. */
  static plan(bootId: string): ConsoleCgroups {
    const mounts = readFileSync('/proc/self/mounts', 'utf8');
    const own = readFileSync('/proc/self/cgroup', 'utf8');
    return planGroups(consoleCgroupName(bootId), controller => findHierarchy(controller, mounts, own));
  }

  /** Of an earlier boot, by what that boot wrote down. */
  static found(folders: readonly string[], bootId: string): ConsoleCgroups {
    const name = consoleCgroupName(bootId);
    const ours = folders.filter(folder => folder.startsWith('/') && basename(folder) === name);
    return new ConsoleCgroups(ours.map(folder => ({ folder, version: 2, controllers: [] })));
  }

  /** Every one that may be made. */
  get folders(): string[] {
    return this.#planned.map(({ folder }) => folder);
  }

  /** Those that were made: what a process of the console belongs to. */
  get made(): string[] {
    return this.#made.map(({ folder }) => folder);
  }

  get limits(): ConsoleLimits {
    return {
      memory: this.#memory,
      tasks: this.#made.some(({ controllers }) => controllers.includes('pids')),
    };
  }

  /** What cannot be kept is said to `logger`, and the host goes on without. */
  create(memoryMb: number, logger: Logger): void {
    for (const group of this.#planned) {
      const settings = group.controllers.flatMap(controller => limitsOf(controller, group, memoryMb));
      try {
        mkdirSync(group.folder);
        this.#made.push(group);
        for (const [file, value] of settings) writeFileSync(join(group.folder, file), value);
        dropSwap(group);
        if (group.controllers.includes('memory')) this.#memory = 'kept';
      } catch (error) {
        logger.warn({ err: error, cgroup: group.folder }, 'a cgroup of the console cannot be had');
      }
    }
    this.#tell(memoryMb, logger);
  }

  #tell(memoryMb: number, logger: Logger): void {
    if (this.limits.tasks)
      logger.info({ maxTasks: MAX_TASKS, cgroups: this.made }, 'the console’s processes are limited');
    else
      logger.warn(
        { why: this.#missing.get('pids') ?? 'refused' },
        'the number of the console’s processes is not limited',
      );
    if (this.#memory === 'kept') logger.info({ memoryMb }, 'Linux keeps the console’s memory size');
    else logger.warn({ memoryMb, why: this.#memory }, 'the console’s memory size is not kept');
  }

  /** Once their processes have ended; Linux may take a moment to forget them. */
  async remove(): Promise<void> {
    for (const folder of this.folders) await removeGroup(folder);
    this.#made = [];
  }
}

/** One group in every hierarchy of version 1; in version 2 a single one, for a process has but one place there. */
export function planGroups(
  name: string,
  find: (controller: Controller) => Hierarchy | NoPlace,
): ConsoleCgroups {
  const groups: ConsoleGroup[] = [];
  const missing = new Map<Controller, NoPlace>();
  const unified: { controller: Controller; parents: readonly string[] }[] = [];
  for (const controller of ['pids', 'memory'] as const) {
    const found = find(controller);
    if (typeof found === 'string') missing.set(controller, found);
    else if (found.version === 2) unified.push({ controller, parents: found.parents });
    else {
      const parent = found.parents.find(folder => offered(1, folder, [controller]).length > 0);
      if (parent === undefined) missing.set(controller, 'no controller');
      else groups.push({ folder: join(parent, name), version: 1, controllers: [controller] });
    }
  }
  const wanted = unified.map(({ controller }) => controller);
  const best = (unified[0]?.parents ?? [])
    .map(parent => ({ parent, controllers: offered(2, parent, wanted) }))
    .reduce((one, other) => (other.controllers.length > one.controllers.length ? other : one), {
      parent: '',
      controllers: [] as Controller[],
    });
  for (const controller of wanted)
    if (!best.controllers.includes(controller)) missing.set(controller, 'no controller');
  if (best.controllers.length > 0)
    groups.push({ folder: join(best.parent, name), version: 2, controllers: best.controllers });
  return new ConsoleCgroups(groups, missing);
}

function limitsOf(
  controller: Controller,
  { version }: ConsoleGroup,
  memoryMb: number,
): (readonly [file: string, value: string])[] {
  if (controller === 'pids') return [['pids.max', String(MAX_TASKS)]];
  const bytes = String(memoryMb * BYTES_PER_MB);
  return [[version === 1 ? 'memory.limit_in_bytes' : 'memory.max', bytes]];
}

/** The console does not swap; a machine that counts no swap has no such file. */
function dropSwap({ folder, version, controllers }: ConsoleGroup): void {
  if (!controllers.includes('memory')) return;
  const [file, value] = version === 1 ? ['memory.swappiness', '0'] : ['memory.swap.max', '0'];
  if (existsSync(join(folder, file))) writeFileSync(join(folder, file), value);
}

async function removeGroup(folder: string): Promise<void> {
  const deadlineMs = performance.now() + REMOVE_MS;
  for (;;) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || performance.now() > deadlineMs) throw error;
    }
    await sleep(LOOK_MS);
  }
}
