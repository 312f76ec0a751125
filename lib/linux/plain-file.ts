import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export class PlainFileError extends Error {
  override readonly name = 'PlainFileError';
  constructor(
    readonly code: 'NotAPlainFile' | 'FileTooLarge',
    readonly details: { path: string; sizeBytes?: number },
  ) {
    super(
      code === 'NotAPlainFile'
        ? `${details.path} is no plain file: remove it`
        : `${details.path} is too large (${details.sizeBytes} bytes)`,
    );
  }
}

/** Settings, accounts, keys and lists of VMs have at most some kilobytes. */
const MAX_BYTES = 4 << 20;

/**
 * Reads a small text file that somebody may have laid something else for: a FIFO or a device must not hold or feed
 * the reader. Links are followed. @returns undefined when there is none; throws PlainFileError, SystemError of Node's
 */
export function readPlainFile(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENXIO') throw new PlainFileError('NotAPlainFile', { path }); // a socket
    throw error;
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw new PlainFileError('NotAPlainFile', { path });
    if (found.size > MAX_BYTES) throw new PlainFileError('FileTooLarge', { path, sizeBytes: found.size });
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** The file is there whole, also when the machine loses power, or it is as it was. The folder must exist. */
export async function writePlainFile(path: string, text: string, mode: number): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  const file = await open(fresh, 'wx', mode); // what somebody lays there meanwhile is refused
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  const folder = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
