import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from '../../../lib/auth/index.js';

const MAX_BYTES = 1 << 20;
const WRITABLE_BY_OTHERS = 0o022;

export type UserFile =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'absent' }
  /** Somebody else could have written it, or it is none. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Reads a file that says who may be `account`. Only a plain file counts. With `strict` nobody but root and the
 * account may have been able to write it or a folder it lies in, up to the account's home (StrictModes of
 * sshd_config(5)). What was opened is what is judged, wherever links led.
 */
export function readUserFile(path: string, account: Account, strict: boolean): UserFile {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'absent' } : refused(path, code);
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) return refused(path, 'it is no plain file');
    if (found.size > MAX_BYTES) return refused(path, 'it is too large');
    const unsafe = strict ? unsafeWay(fd, found, account) : undefined;
    return unsafe === undefined ? { kind: 'read', text: readFileSync(fd, 'utf8') } : refused(path, unsafe);
  } finally {
    closeSync(fd);
  }
}

function refused(path: string, reason: string): UserFile {
  return { kind: 'refused', reason: `${path}: ${reason}` };
}

function unsafeWay(fd: number, file: Stats, account: Account): string | undefined {
  if (!isSafe(file, account)) return 'bad ownership or modes';
  const home = realpathOr(account.home);
  let folder = dirname(readlinkSync(`/proc/self/fd/${fd}`));
  for (;;) {
    if (!isSafe(statSync(folder), account)) return `bad ownership or modes for folder ${folder}`;
    const above = dirname(folder);
    if (folder === home || above === folder) return undefined;
    folder = above;
  }
}

function isSafe({ uid, mode }: Stats, account: Account): boolean {
  return (uid === 0 || uid === account.uid) && (mode & WRITABLE_BY_OTHERS) === 0;
}

function realpathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it is not there: then every folder up to the root is judged
  }
}
