import { writeSync } from 'node:fs';
import {
  CLONE_FS,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_NEWUTS,
  setNamespace,
  unshare,
} from '../../../lib/linux/index.js';
import { CONSOLE_CAPABILITIES, confineAndExec, hideFromConsole, joinCgroups } from './confine.js';
import { type EntrySettings, readSettings } from './settings.js';

/**
 * Born in the console's pid namespace (init saw to that), enters its other namespaces and becomes a program there.
 * Only the main thread enters; exec ends the others. Success closes the error pipe.
 */
const settings = readSettings<EntrySettings>(process.argv[2]);
const pidfd = settings.keptFds;
const errorFd = settings.keptFds + 1;
try {
  hideFromConsole();
  joinCgroups(settings.cgroupFolders);
  unshare(CLONE_FS);
  setNamespace(pidfd, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP);
  confineAndExec({
    path: settings.argv[0] ?? '',
    argv: settings.argv,
    environment: settings.environment,
    keptFds: settings.keptFds,
    nullFds: settings.nullFds,
    capabilities: CONSOLE_CAPABILITIES,
  });
} catch (error) {
  writeSync(errorFd, String(error));
  process.exit(126);
}
