import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import type { Account } from '../../../lib/auth/index.js';
import type { Logger } from '../../../lib/log/index.js';
import {
  DEAD_PROCESS,
  decodeLastlog,
  encodeLastlog,
  encodeUtmp,
  isOfLine,
  LASTLOG_BYTES,
  type LastLogin,
  USER_PROCESS,
  UTMP_BYTES,
} from './utmp.js';

export interface LoginRecordPaths {
  /** Who is in: who(1). */
  readonly utmp: string;
  /** Who was: last(1). */
  readonly wtmp: string;
  /** When each was last: lastlog(8). */
  readonly lastlog: string;
}

export interface LoginOnTerminal {
  readonly account: Account;
  readonly pid: number;
  /** `pts/3` */
  readonly line: string;
  readonly address: string;
}

const MAX_UTMP_ENTRIES = 4096;
const MAX_WTMP_BYTES = 4 << 20;
/** lastlog has a place for each uid; nobody here has such a high one. */
const MAX_LASTLOG_UID = 65_535;
/**
 * last(1) asks /proc/<pid>/loginuid whose session is open, which cannot be set below the console's read-only /proc, and
 * calls a session that is not its user's gone. Without a process it asks for the terminal's owner.
 */
const NO_PROCESS = 0;
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The files in which the console's terminals and their users stand. What cannot be written is told in the log only. */
export class LoginRecords {
  readonly #paths: LoginRecordPaths;
  readonly #logger: Logger;
  readonly #nowMs: () => number;

  constructor(paths: LoginRecordPaths, logger: Logger, nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
    this.#paths = paths;
    this.#logger = logger;
  }

  /** @returns the account's login before this one */
  begin(login: LoginOnTerminal): LastLogin | undefined {
    const { account, pid, line, address } = login;
    const atMs = this.#nowMs();
    const entry = { type: USER_PROCESS, pid, line, user: account.name, address, atMs };
    this.#mark(line, encodeUtmp(entry));
    this.#append(encodeUtmp({ ...entry, pid: NO_PROCESS }));
    return this.#exchangeLast(account.uid, { atMs, line, address });
  }

  end({ pid, line }: LoginOnTerminal): void {
    const entry = encodeUtmp({ type: DEAD_PROCESS, pid, line, user: '', address: '', atMs: this.#nowMs() });
    this.#mark(line, entry);
    this.#append(entry);
  }

  #mark(line: string, entry: Buffer): void {
    this.#with(this.#paths.utmp, 0o644, fd => {
      const found = Buffer.alloc(UTMP_BYTES);
      let at = 0;
      for (; at < MAX_UTMP_ENTRIES * UTMP_BYTES; at += UTMP_BYTES)
        if (readSync(fd, found, 0, UTMP_BYTES, at) < UTMP_BYTES || isOfLine(found, line)) break;
      writeSync(fd, entry, 0, UTMP_BYTES, at);
    });
  }

  #append(entry: Buffer): void {
    this.#turnOver();
    this.#with(this.#paths.wtmp, 0o644, fd => {
      // A record cut short by a full disk would shift all that follow.
      const whole = fstatSync(fd).size;
      writeSync(fd, entry, 0, UTMP_BYTES, whole - (whole % UTMP_BYTES));
    });
  }

  /** As logrotate(8) does: one older file is kept. */
  #turnOver(): void {
    const { wtmp } = this.#paths;
    const sizeBytes = lstatSync(wtmp, { throwIfNoEntry: false })?.size ?? 0;
    if (sizeBytes >= MAX_WTMP_BYTES) renameSync(wtmp, `${wtmp}.1`);
  }

  #exchangeLast(uid: number, login: LastLogin): LastLogin | undefined {
    if (uid > MAX_LASTLOG_UID) return undefined;
    return this.#with(this.#paths.lastlog, 0o644, fd => {
      const before = Buffer.alloc(LASTLOG_BYTES);
      const read = readSync(fd, before, 0, LASTLOG_BYTES, uid * LASTLOG_BYTES);
      writeSync(fd, encodeLastlog(login), 0, LASTLOG_BYTES, uid * LASTLOG_BYTES);
      return decodeLastlog(before.subarray(0, read));
    });
  }

  #with<T>(path: string, mode: number, work: (fd: number) => T): T | undefined {
    let fd = -1;
    try {
      fd = openSync(path, FLAGS, mode);
      return fstatSync(fd).isFile() ? work(fd) : undefined;
    } catch (error) {
      this.#logger.warn({ err: error }, `cannot write ${path}`);
      return undefined;
    } finally {
      if (fd >= 0) closeSync(fd);
    }
  }
}
