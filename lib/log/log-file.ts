import { closeSync, constants, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { LogError } from './log-error.js';

export interface LogFileOptions {
  path: string;
  /** A file that has grown to this is renamed to `path`.1, and so on up to `path`.`keptFiles`. */
  maxSizeBytes: number;
  keptFiles: number;
}

/**
 * A log file that somebody else may tamper with: the service console's root owns the folder. It is opened only if it
 * is a plain file (no link, no FIFO, no second name), written by appending, and opened anew when it was removed.
 * Lines that the disk refuses are counted, and the count is written when it accepts again.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  #fd = -1;
  #sizeBytes = 0;
  #lostLines = 0;

  /** @throws LogError NotAPlainFile; the file system's own errors */
  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#open();
  }

  /** Appends one line. Never throws: a daemon outlives a full disk. */
  write(line: string): void {
    try {
      this.#reopenIfNeeded();
      const text =
        this.#lostLines === 0 ? line : `${this.#lostLines} lines lost: the disk refused them\n${line}`;
      this.#sizeBytes += writeSync(this.#fd, text);
      this.#lostLines = 0;
    } catch {
      this.#lostLines++;
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #open(): void {
    const { path } = this.#options;
    const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
    // O_NONBLOCK: a FIFO laid in the way must not hold us.
    const fd = openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o640);
    const found = fstatSync(fd);
    if (!found.isFile() || found.nlink !== 1) {
      closeSync(fd);
      throw new LogError('NotAPlainFile', { path });
    }
    this.#fd = fd;
    this.#sizeBytes = found.size;
  }

  #reopenIfNeeded(): void {
    if (this.#fd >= 0 && fstatSync(this.#fd).nlink === 0) this.close();
    if (this.#fd >= 0 && this.#sizeBytes >= this.#options.maxSizeBytes) this.#rotate();
    if (this.#fd < 0) this.#open();
  }

  #rotate(): void {
    const { path, keptFiles } = this.#options;
    this.close();
    rmSync(`${path}.${keptFiles}`, { recursive: true, force: true });
    for (let i = keptFiles - 1; i >= 1; i--) renameIfThere(`${path}.${i}`, `${path}.${i + 1}`);
    if (keptFiles > 0) renameIfThere(path, `${path}.1`);
    else rmSync(path, { force: true });
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
