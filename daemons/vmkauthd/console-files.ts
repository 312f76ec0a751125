import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { openBeneath, SystemError } from '../../lib/linux/index.js';
import { type CertificatePlace, checkedPair } from '../../lib/tls/index.js';

const KEY = 'etc/vmware/ssl/rui.key';
const CERTIFICATE = 'etc/vmware/ssl/rui.crt';
const MAX_BYTES = 256 << 10;

/**
 * The host's certificate as the service console has it. The console's root owns these files: no link is followed, and
 * only plain files are read.
 */
export function consoleCertificate(consoleFolder: string): CertificatePlace {
  return {
    stamp: () => [KEY, CERTIFICATE].map(path => openedBeneath(consoleFolder, path, stampOf) ?? '-').join(' '),
    read: () => {
      const key = openedBeneath(consoleFolder, KEY, textOf);
      const cert = openedBeneath(consoleFolder, CERTIFICATE, textOf);
      return key === undefined || cert === undefined ? undefined : checkedPair({ key, cert }, consoleFolder);
    },
  };
}

function openedBeneath<T>(folder: string, path: string, read: (fd: number) => T): T | undefined {
  const folderFd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  let fd = -1;
  try {
    fd = openBeneath(folderFd, path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    return read(fd);
  } catch (error) {
    if (error instanceof SystemError && error.code === 'ENOENT') return undefined;
    throw error;
  } finally {
    if (fd >= 0) closeSync(fd);
    closeSync(folderFd);
  }
}

function stampOf(fd: number): string {
  const found = fstatSync(fd, { bigint: true });
  return `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}

function textOf(fd: number): string {
  const found = fstatSync(fd);
  if (!found.isFile() || found.size > MAX_BYTES) throw new Error('the host certificate is no plain file');
  return readFileSync(fd, 'utf8');
}
