import { readdirSync, readFileSync } from 'node:fs';

/** What hosts make on a machine beside files in their own folders, by a name that tells one from the next. */
export interface MachineState {
  /** `pid start-time` → command, of every process that runs out of this tree or in a service console. */
  readonly processes: ReadonlyMap<string, string>;
  readonly mounts: ReadonlySet<string>;
  readonly sharedMemory: ReadonlySet<string>;
}

/**
 * A namespace needs no look of its own: it lives by a process in it, or by a mount of it. Hosts that other trees run
 * meanwhile do not count.
 */
export function machineState(tree: string): MachineState {
  const processes = new Map<string, string>();
  const others: string[] = [];
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    const found = lookAt(pid, tree);
    if (found?.ours) processes.set(`${pid} ${found.startTime}`, found.command);
    else if (found !== undefined) others.push(found.command);
  }
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n').filter(mountOfHost(tree));
  const isOthers = (name: string) => others.some(command => command.includes(name.slice('esx-'.length)));
  return {
    processes,
    mounts: new Set(mounts.map(line => line.split(' ').slice(3, 5).join(' at '))),
    sharedMemory: new Set(readdirSync('/dev/shm').filter(name => name.startsWith('esx-') && !isOthers(name))),
  };
}

/** What is there now and was not before, in words; empty when nothing was left behind. */
export function leftBehind(before: MachineState, now: MachineState): string[] {
  const added = (a: ReadonlySet<string>, b: ReadonlySet<string>) => [...b].filter(name => !a.has(name));
  const processes = [...now.processes].filter(([key]) => !before.processes.has(key));
  return [
    ...processes.map(([key, command]) => `process ${key} ${command}`),
    ...added(before.mounts, now.mounts).map(name => `mount of ${name}`),
    ...added(before.sharedMemory, now.sharedMemory).map(name => `/dev/shm/${name}`),
  ];
}

function mountOfHost(tree: string): (line: string) => boolean {
  return line => line.includes('/esx-') || line.includes(`${tree}/`) || line.includes(' - nsfs ');
}

function lookAt(
  pid: string,
  tree: string,
): { command: string; startTime: string; ours: boolean } | undefined {
  try {
    if (Number(pid) === process.pid) return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    const ours = command.includes(`${tree}/dist/`) || inConsole(pid, tree);
    return { command, startTime: fields[18] ?? '', ours };
  } catch (error) {
    // The process ended while it was looked at.
    if (['ENOENT', 'ESRCH', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** In a service console this tree's dist/ is mounted. */
function inConsole(pid: string, tree: string): boolean {
  const mount = / (\S+) \/usr\/lib\/vmware\/dist /.exec(readFileSync(`/proc/${pid}/mountinfo`, 'latin1'));
  return mount?.[1] !== undefined && `${tree}/dist`.endsWith(mount[1]);
}
