import { readBeneath } from '../../../lib/linux/index.js';

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
    readBeneath(consoleFolder, SOURCE, MAX_BYTES) ??
    readBeneath(templateFolder, SOURCE.slice('etc/'.length), MAX_BYTES) ??
    '';
  return hostNameIn(text);
}
