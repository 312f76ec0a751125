import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process that is not known is looked for so often at most. */
const LOOK_AGAIN_MS = 500;

/**
 * A host of an ordinary user lives in a pid namespace: what it calls its pids, this machine calls otherwise.
 * @param pidNamespace the host's, as readlink(2) of /proc/self/ns/pid gives it there
 * @returns the machine's pid of a pid of the host's, also of one that started later; 0 of a process that is gone
 */
export function machinePids(pidNamespace: string): (pid: number) => number {
  if (linkOf('self') === pidNamespace) return pid => pid;
  let known = pidsIn(pidNamespace);
  let lookedMs = performance.now();
  return pid => {
    if (pid === 0) return 0;
    const found = known.get(pid);
    if (found !== undefined && existsSync(`/proc/${found}`)) return found;
    if (performance.now() - lookedMs < LOOK_AGAIN_MS) return 0;
    known = pidsIn(pidNamespace);
    lookedMs = performance.now();
    return known.get(pid) ?? 0;
  };
}

function pidsIn(pidNamespace: string): Map<number, number> {
  const processes = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(readProcess);
  const init = processes.find(({ pid, pids }) => pids.at(-1) === 1 && linkOf(pid) === pidNamespace);
  if (init === undefined) return new Map();
  const level = init.pids.length - 1;
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const known = new Map<number, number>();
  for (const { pid, pids } of processes) {
    const inner = pids[level];
    if (inner !== undefined && isBelow(pid, init.pid, parents)) known.set(inner, Number(pid));
  }
  return known;
}

interface Process {
  readonly pid: string;
  readonly parent: string;
  /** In this machine's namespace first, in the process's own last. */
  readonly pids: readonly number[];
}

function readProcess(pid: string): Process[] {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const parent = /^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? '0';
    const pids = /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/).map(Number) ?? [];
    return [{ pid, parent, pids }];
  } catch {
    return []; // it has ended
  }
}

function isBelow(pid: string, ancestor: string, parents: ReadonlyMap<string, string>): boolean {
  for (let at: string | undefined = pid; at !== undefined; at = parents.get(at))
    if (at === ancestor) return true;
  return false;
}

function linkOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return ''; // another user's, or gone
  }
}
