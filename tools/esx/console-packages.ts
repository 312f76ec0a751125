import { existsSync } from 'node:fs';
import { installPackages } from './debian-packages.js';
import { FrontDoorError } from './errors.js';
import type { Progress } from './progress.js';

/** Programs that the service console's sshd runs for clients, by the Debian package that has them. */
const PROGRAMS: readonly (readonly [path: string, debianPackage: string])[] = [
  ['/usr/bin/scp', 'openssh-client'],
  ['/usr/lib/openssh/sftp-server', 'openssh-sftp-server'],
  ['/usr/bin/rsync', 'rsync'],
];

/**
 * Gets what the console's clients need of the machine's /usr: scp, sftp, rsync. A machine where that cannot be had
 * has a host without, and hears of it.
 */
export async function installConsolePackages(
  environment: NodeJS.ProcessEnv,
  progress: Progress,
): Promise<void> {
  const missing = PROGRAMS.filter(([path]) => !existsSync(path));
  if (missing.length === 0) return;
  const names = missing.map(([, debianPackage]) => debianPackage);
  try {
    await progress.step('Debian packages for the console', () => installPackages(names, environment));
  } catch (error) {
    if (!(error instanceof FrontDoorError)) throw error;
    const lost = missing.map(([path]) => path).join(', ');
    progress.note(`the console goes without ${lost}: ${error.message.split('\n')[0]}`);
  }
}
