import { writeSync } from 'node:fs';
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_NEWUTS,
  setParentDeathSignal,
  unshare,
} from '../../../lib/linux/index.js';
import { buildRoot } from './build-root.js';
import { confineAndExec, hideFromConsole, joinCgroups } from './confine.js';
import { type ConsoleSettings, readSettings } from './settings.js';

/**
 * The first process of the console's pid namespace. It builds the root file system and becomes `cat` on a pipe from
 * init: 0.2 MB, reaps orphans because an ignored SIGCHLD survives exec (Linux then reaps by itself), and ends, taking
 * the whole namespace along, when init closes the pipe or dies. Success closes descriptor 3.
 */
const ERROR_FD = 3;
const SIGKILL = 9;
try {
  hideFromConsole();
  setParentDeathSignal(SIGKILL);
  const settings = readSettings<ConsoleSettings>(process.argv[2]);
  joinCgroups(settings.cgroupFolders);
  unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP);
  process.umask(0o022);
  buildRoot(settings);
  confineAndExec({
    path: '/usr/bin/cat',
    argv: ['cat'],
    environment: {},
    keptFds: 3,
    ignoreChildren: true,
    nullFds: [1, 2],
    capabilities: [],
  });
} catch (error) {
  writeSync(ERROR_FD, error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(126);
}
