import { closeSync, constants, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { LogError } from './log-error.js';

export interface LogFileOptions {
  path: string;
  /** A file that has grown to this is renamed to `path`.1, and so on up to `path`.`keptFiles`. */
  maxSizeBytes: number;
  keptFiles: number;
}

/** A link; a FIFO or socket that nobody reads; a folder; a program that runs. */
const NOT_PLAIN: ReadonlySet<string> = new Set(['ELOOP', 'ENXIO', 'EISDIR', 'ETXTBSY']);
const NOT_RENAMED: ReadonlySet<string> = new Set(['ENOENT', 'EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST']);
/** The first serves until somebody lays a folder under that name. */
const ASIDE_NAMES = ['.aside', '.aside.2', '.aside.3', '.aside.4', '.aside.5'];

/**
 * A log file that somebody else may tamper with: the service console's root owns the folder. It is opened only if it
 * is a plain file (no link, no FIFO, no second name), written by appending, and opened anew when it was removed. What
 * else lies in its place is renamed to `path`.aside, and the log says so: it must not keep a host from booting.
 * Lines that the disk refuses are counted, and the count is written when it accepts again.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  #fd = -1;
  #sizeBytes = 0;
  #lostLines = 0;
  #aside: string | undefined;

  /** @throws LogError NotAPlainFile when what lies there cannot be moved away; the file system's own errors */
  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#open();
  }

  /** Appends one line. Never throws: a daemon outlives a full disk. */
  write(line: string): void {
    try {
      this.#reopenIfNeeded();
      this.#sizeBytes += writeSync(this.#fd, `${this.#notices()}${line}`);
      this.#lostLines = 0;
      this.#aside = undefined;
    } catch {
      this.#lostLines++;
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #notices(): string {
    const lost = this.#lostLines === 0 ? '' : `${this.#lostLines} lines lost: the disk refused them\n`;
    return this.#aside === undefined ? lost : `no plain file: moved to ${this.#aside}\n${lost}`;
  }

  #open(): void {
    const { path } = this.#options;
    for (const name of ASIDE_NAMES) {
      const opened = openPlain(path);
      if (opened !== undefined) {
        this.#fd = opened.fd;
        this.#sizeBytes = opened.sizeBytes;
        return;
      }
      // rename(2) follows no link, and does nothing where both names are one file's: then the next name is tried.
      if (renameIfItCan(path, `${path}${name}`)) this.#aside = `${basename(path)}${name}`;
    }
    throw new LogError('NotAPlainFile', { path });
  }

  #reopenIfNeeded(): void {
    if (this.#fd >= 0 && fstatSync(this.#fd).nlink === 0) this.close();
    if (this.#fd >= 0 && this.#sizeBytes >= this.#options.maxSizeBytes) this.#rotate();
    if (this.#fd < 0) this.#open();
  }

  #rotate(): void {
    const { path, keptFiles } = this.#options;
    this.close();
    for (let i = keptFiles - 1; i >= 0; i--) {
      const from = i === 0 ? path : `${path}.${i}`;
      const to = `${path}.${i + 1}`;
      // A folder in the way cannot be replaced, and emptying it by path could be led astray by a link.
      if (!renameIfItCan(from, to) && ASIDE_NAMES.some(name => renameIfItCan(to, `${path}${name}`)))
        renameIfItCan(from, to);
    }
    rmSync(path, { force: true }); // where it is still there
  }
}

/** @returns undefined when something else than a plain file of one name lies there */
function openPlain(path: string): { fd: number; sizeBytes: number } | undefined {
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    // O_NONBLOCK: a FIFO laid in the way must not hold us.
    fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o640);
  } catch (error) {
    if (NOT_PLAIN.has(codeOf(error))) return undefined;
    throw error;
  }
  const found = fstatSync(fd);
  if (found.isFile() && found.nlink === 1) return { fd, sizeBytes: found.size };
  closeSync(fd);
  return undefined;
}

/** @returns false when there is nothing, or what bears the new name cannot be replaced */
function renameIfItCan(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (NOT_RENAMED.has(codeOf(error))) return false;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
