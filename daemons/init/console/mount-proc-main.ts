import { readFileSync, writeSync } from 'node:fs';
import {
  CLONE_FS,
  CLONE_NEWNS,
  detachMount,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  mount,
  setNamespace,
  unshare,
} from '../../../lib/linux/index.js';

/**
 * Puts the file system behind the descriptor 3 (of /dev/fuse) at the console's /proc, in place of one whose server has
 * died; with `detach` it only takes that away. Outside the console's pid namespace: nobody there sees this process. Success closes descriptor 5.
 */
const FUSE_FD = 3;
const CONSOLE_PIDFD = 4;
const ERROR_FD = 5;
const OPTIONS = `fd=${FUSE_FD},rootmode=40555,user_id=0,group_id=0,allow_other`;
try {
  unshare(CLONE_FS);
  setNamespace(CONSOLE_PIDFD, CLONE_NEWNS);
  for (const line of readFileSync('/.proc/1/mounts', 'utf8').split('\n'))
    if (/^\S+ \/proc fuse /.test(line)) detachMount('/proc');
  if (process.argv[2] === 'mount')
    mount('procfs', '/proc', 'fuse', MS_NOSUID | MS_NODEV | MS_NOEXEC, OPTIONS);
} catch (error) {
  writeSync(ERROR_FD, String(error));
  process.exitCode = 126;
}
