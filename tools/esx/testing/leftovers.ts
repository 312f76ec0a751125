import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What hosts make on a machine beside files in their own folders, by a name that tells one from the next. */
export interface MachineState {
  /** `pid start-time command` of every process that runs out of this tree. */
  readonly processes: ReadonlyMap<string, string>;
  readonly mounts: ReadonlySet<string>;
  readonly sharedMemory: ReadonlySet<string>;
  /** Mount, network, pid and UTS namespaces that some process is in. */
  readonly namespaces: ReadonlySet<string>;
}

const NAMESPACES = ['mnt', 'net', 'pid', 'uts', 'ipc'] as const;

export function machineState(tree: string): MachineState {
  const processes = new Map<string, string>();
  const namespaces = new Set<string>();
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    const seen = lookAt(pid, tree);
    if (seen === undefined) continue;
    for (const name of seen.namespaces) namespaces.add(name);
    if (seen.command !== undefined) processes.set(`${pid} ${seen.startTime}`, seen.command);
  }
  return {
    processes,
    mounts: new Set(readFileSync('/proc/self/mountinfo', 'utf8').trimEnd().split('\n').map(mountPoint)),
    sharedMemory: new Set(readdirSync('/dev/shm').filter(name => name.startsWith('esx-'))),
    namespaces,
  };
}

/** What is there now and was not before, in words; empty when nothing was left behind. */
export function leftBehind(before: MachineState, now: MachineState): string[] {
  const added = (a: ReadonlySet<string>, b: ReadonlySet<string>) => [...b].filter(name => !a.has(name));
  return [
    ...[...now.processes]
      .filter(([key]) => !before.processes.has(key))
      .map(([key, command]) => `process ${key} ${command}`),
    ...added(before.mounts, now.mounts).map(name => `mount ${name}`),
    ...added(before.sharedMemory, now.sharedMemory).map(name => `/dev/shm/${name}`),
    ...added(before.namespaces, now.namespaces).map(name => `namespace ${name}`),
  ];
}

function mountPoint(line: string): string {
  return line.split(' ')[4] ?? line;
}

function lookAt(pid: string, tree: string) {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const namespaces = NAMESPACES.map(name => readlinkSync(`/proc/${pid}/ns/${name}`));
    const ours =
      Number(pid) !== process.pid &&
      (command.includes(`${tree}/dist/`) || command.includes('/usr/lib/vmware/'));
    return { command: ours ? command : undefined, startTime, namespaces };
  } catch {
    // The process ended while it was looked at.
    return undefined;
  }
}
