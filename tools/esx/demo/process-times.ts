import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** CPU time of all processes in the pid namespace of `pid`, in seconds; those that ended meanwhile are not in it. */
export function namespaceSeconds(pid: number): number {
  const namespace = readlinkSync(`/proc/${pid}/ns/pid`);
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .reduce((sum, name) => sum + secondsIn(name, namespace), 0);
}

function secondsIn(pid: string, namespace: string): number {
  try {
    if (readlinkSync(`/proc/${pid}/ns/pid`) !== namespace) return 0;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0; // it has ended
  }
}
