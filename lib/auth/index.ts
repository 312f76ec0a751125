/**
 * The service console's accounts, read-only: passwd(5), shadow(5), and whether a password is a user's. Nobody here
 * writes; chpasswd and its kin do, inside the console, under their lock. And what every door asks of those who knock:
 * login-guard makes guessing slow and closes an account to an address, starting-connections bounds those without a
 * login: a share for each address, a time to log in, the oldest goes.
 *
 * - Only plain files are read: a FIFO laid in the place of one must not hold a daemon, nor must a lease (fcntl(2)).
 * - The files are read at each question: an account changed is an account changed.
 * - An unknown user costs as much time as a wrong password.
 * - The hash is computed on a pool thread (lib/linux), compared in constant time.
 */
import { timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { crypt, readPlainFile } from '../linux/index.js';
import { type Group, parseGroups } from './group.js';
import { type Account, findAccount } from './passwd.js';
import { findShadowEntry, hasExpired, isLocked, isUsable, type ShadowEntry } from './shadow.js';

export * from './group.js';
export * from './login-guard.js';
export * from './passwd.js';
export * from './shadow.js';
export * from './starting-connections.js';

const LEASE_TRIES = 20;
const LEASE_WAIT_MS = 50;
const DAY_MS = 86_400_000;
const MAX_PASSWORD_BYTES = 512;
const NOBODYS_SETTING = '$6$openesx.nobody$';

/** Whether `password` opens `user`'s account. Rejects only when the shadow file cannot be read. */
export async function verifyPassword(shadowPath: string, user: string, password: string): Promise<boolean> {
  const entry = findShadowEntry(await readFile(shadowPath), user);
  const usable = entry !== undefined && isUsable(entry, today());
  if (password.includes('\0') || Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false;
  const setting = usable ? entry.hash : NOBODYS_SETTING;
  const hash = await crypt(password, setting).catch(() => '');
  return usable && equal(hash, entry.hash);
}

export async function readAccount(passwdPath: string, user: string): Promise<Account | undefined> {
  return findAccount(await readFile(passwdPath), user);
}

export async function readShadowEntry(shadowPath: string, user: string): Promise<ShadowEntry | undefined> {
  return findShadowEntry(await readFile(shadowPath), user);
}

export async function readGroups(groupPath: string): Promise<Group[]> {
  return parseGroups(await readFile(groupPath));
}

/** Whether the account may log in now by other means than its password. */
export function mayLogInByKey(entry: ShadowEntry): boolean {
  return !isLocked(entry) && !hasExpired(entry, today());
}

function today(): number {
  return Math.floor(Date.now() / DAY_MS);
}

/** Whoever holds a lease on the file is waited for a moment; opening it never blocks. */
async function readFile(path: string): Promise<string> {
  for (let tries = LEASE_TRIES; ; tries -= 1) {
    try {
      const text = readPlainFile(path);
      if (text === undefined) throw new Error(`there is no ${path}`);
      return text;
    } catch (error) {
      const isLeased = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (!isLeased || tries === 0) throw error;
    }
    await sleep(LEASE_WAIT_MS);
  }
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right);
}
