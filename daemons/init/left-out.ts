import { readFileSync } from 'node:fs';
import { mayChangeSchedulingClass } from '../../lib/linux/index.js';

/** Something that this host does without, because who started it may not have it. */
export interface LeftOut {
  what: string;
  why: string;
}

export interface BootFacts {
  /** Whether the number of the console's processes is bounded. */
  consoleTasksLimited: boolean;
  /** Whether init can open /dev/fuse. */
  hasFuse: boolean;
  portsMoved: boolean;
  portOffset: number;
}

/** What the machine refused to this boot, in the words that `./esx up` prints. */
export function leftOut(facts: BootFacts, uidMap = readFileSync('/proc/self/uid_map', 'utf8')): LeftOut[] {
  const found: LeftOut[] = [];
  if (!mayChangeSchedulingClass())
    found.push({
      what: 'scheduling classes of Linux: a woken virtual CPU waits up to 4 ms behind a busy one',
      why: 'they take CAP_SYS_NICE of the machine',
    });
  if (!facts.consoleTasksLimited)
    found.push({
      what: 'a limit to the number of the service console’s processes',
      why: 'no control group can be made',
    });
  if (!facts.hasFuse)
    found.push({
      what: '/proc/vmware in the service console',
      why: '/dev/fuse cannot be opened',
    });
  if (mappedIds(uidMap) === 1)
    found.push({
      what: 'accounts of the service console beside root',
      why: 'one user id is all there is: newuidmap (package uidmap) and a line in /etc/subuid give more',
    });
  if (facts.portsMoved)
    found.push({
      what: `the product's own ports: moved by ${facts.portOffset}`,
      why: 'one of them is in use, or they take CAP_NET_BIND_SERVICE',
    });
  return found;
}

/** proc_pid_uid_map(5): first id inside, first id outside, length. */
function mappedIds(uidMap: string): number {
  return uidMap
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2] ?? 0), 0);
}
