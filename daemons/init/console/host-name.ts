import { closeSync, constants, openSync, readSync } from 'node:fs';
import { openBeneath } from '../../../lib/linux/index.js';

const FALLBACK = 'localhost.localdomain';
const MAX_BYTES = 4096;
const SOURCE = 'etc/sysconfig/network';

/** The name that a file in the form of /etc/sysconfig/network gives the host. */
export function hostNameIn(text: string): string {
  return /^HOSTNAME=["']?([A-Za-z0-9.-]{1,64})["']?$/m.exec(text)?.[1] ?? FALLBACK;
}

/**
 * The console's host name, read from outside: of what the console's root may have put there only a plain file is
 * read, and a little of it. Before the first boot the template's.
 */
export function readHostName(consoleFolder: string, templateFolder: string): string {
  const text =
    readPlain(consoleFolder, SOURCE) ?? readPlain(templateFolder, SOURCE.slice('etc/'.length)) ?? '';
  return hostNameIn(text);
}

function readPlain(folder: string, path: string): string | undefined {
  const dirFd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // A FIFO opened without blocking reads as empty.
    const fd = openBeneath(dirFd, path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(MAX_BYTES);
      return bytes.toString('utf8', 0, readSync(fd, bytes, 0, MAX_BYTES, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  } finally {
    closeSync(dirFd);
  }
}
