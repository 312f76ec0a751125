import { existsSync } from 'node:fs';
import type { Account } from '../../lib/auth/index.js';
import { readPlainFile } from '../../lib/linux/index.js';
import type { LastLogin } from './login-records/utmp.js';

const MAX_TEXT = 16_384;

export interface GreetingOptions {
  /** undefined: it is not shown. */
  readonly motdPath: string | undefined;
  readonly lastLogin: LastLogin | undefined;
}

/** What a login shell's terminal shows first. A file ~/.hushlogin keeps it silent. */
export function greetingOf(account: Account, { motdPath, lastLogin }: GreetingOptions): string {
  if (existsSync(`${account.home}/.hushlogin`)) return '';
  const last =
    lastLogin === undefined ? '' : `Last login: ${dateLine(lastLogin.atMs)} from ${lastLogin.address}\n`;
  const motd = motdPath === undefined ? '' : readShortText(motdPath);
  return `${last}${motd}`.replaceAll('\n', '\r\n');
}

/** @returns an empty text where none can be read: that keeps nobody out */
export function readShortText(path: string): string {
  try {
    return (readPlainFile(path) ?? '').slice(0, MAX_TEXT);
  } catch {
    return '';
  }
}

/** `Sat Nov 21 20:04:27 2026`, as ctime(3). */
function dateLine(atMs: number): string {
  const [day, month, date, year, clock] = new Date(atMs).toString().split(' ');
  return `${day} ${month} ${date?.replace(/^0/, ' ')} ${clock} ${year}`;
}
