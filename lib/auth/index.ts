/**
 * The service console's accounts, read-only: passwd(5), shadow(5), and whether a password is a user's. Nobody here
 * writes; chpasswd and its kin do, inside the console, under their lock.
 *
 * - Only plain files are read: a FIFO laid in the place of one must not hold a daemon.
 * - The files are read at each question: an account changed is an account changed.
 * - An unknown user costs as much time as a wrong password.
 * - The hash is computed on a pool thread (lib/linux), compared in constant time.
 */
import { timingSafeEqual } from 'node:crypto';
import { crypt, readPlainFile } from '../linux/index.js';
import { type Account, findAccount } from './passwd.js';
import { findShadowEntry, isUsable } from './shadow.js';

export * from './group.js';
export * from './passwd.js';
export * from './shadow.js';

const DAY_MS = 86_400_000;
const MAX_PASSWORD_BYTES = 512;
const NOBODYS_SETTING = '$6$openesx.nobody$';

/** Whether `password` opens `user`'s account. Rejects only when the shadow file cannot be read. */
export async function verifyPassword(shadowPath: string, user: string, password: string): Promise<boolean> {
  const entry = findShadowEntry(readFile(shadowPath), user);
  const usable = entry !== undefined && isUsable(entry, Math.floor(Date.now() / DAY_MS));
  if (password.includes('\0') || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false;
  const setting = usable ? entry.hash : NOBODYS_SETTING;
  const hash = await crypt(password, setting).catch(() => '');
  return usable && equal(hash, entry.hash);
}

export async function readAccount(passwdPath: string, user: string): Promise<Account | undefined> {
  return findAccount(readFile(passwdPath), user);
}

function readFile(path: string): string {
  const text = readPlainFile(path);
  if (text === undefined) throw new Error(`there is no ${path}`);
  return text;
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right);
}
