import type { Datastore } from '../datastores.js';

/** What init tells the process that builds the console's root and becomes its pid 1. Absolute, resolved paths. */
export interface ConsoleSettings {
  /** DIR/console */
  rootFolder: string;
  /** DIR/var/log */
  logFolder: string;
  /** DIR/run/vmkernel */
  vmkernelRunFolder: string;
  /** /dev/shm/esx-<bootId>; absent when there is none */
  sharedMemoryFolder?: string;
  /** The files in there that the console may read. */
  statisticsFiles: readonly string[];
  /** The tree that holds dist/ and etc/ */
  treeFolder: string;
  /** The tree's node_modules, which may be a link to another tree's. */
  modulesFolder: string;
  nodePath: string;
  /** The control groups of the console's processes */
  cgroupFolders: readonly string[];
  datastores: readonly Datastore[];
  /** How /usr is made; 'overlay' falls back to 'links' where Linux refuses it. */
  usr: 'overlay' | 'links';
}

/** What init tells the process that enters the console and becomes one of its programs. */
export interface EntrySettings {
  argv: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** Descriptors 0 … keptFds-1 are the program's; keptFds is the console's pidfd, keptFds+1 takes an error. */
  keptFds: number;
  /** Those of them that are /dev/null. */
  nullFds: readonly number[];
  /** As in ConsoleSettings. */
  cgroupFolders: readonly string[];
}

/** Both travel from init to its own launcher, in one argument: no one else writes them. */
export function readSettings<T extends ConsoleSettings | EntrySettings>(argument: string | undefined): T {
  return JSON.parse(argument ?? '');
}
