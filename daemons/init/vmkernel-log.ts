import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const MAX_TAIL_BYTES = 16_384;

/** The VMkernel's log from here on: what it said while it started is the reason when it did not. */
export class VmkernelLogMark {
  readonly #path: string;
  readonly #startBytes: number;

  constructor(path: string) {
    this.#path = path;
    this.#startBytes = this.#withFile(fd => fstatSync(fd).size) ?? 0;
  }

  /** The last warning since, without its stack; '' when there is none. */
  lastWarning(): string {
    const text = this.#withFile(fd => {
      const size = fstatSync(fd).size;
      // A log that was rotated meanwhile is shorter than it was.
      const from = Math.max(size < this.#startBytes ? 0 : this.#startBytes, size - MAX_TAIL_BYTES);
      const buffer = Buffer.alloc(size - from);
      return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, from)).toString('utf8');
    });
    const warnings = (text ?? '')
      .split('\n')
      .flatMap(line => / cpu\d+:\d+\)WARNING: (.*)/.exec(line)?.[1] ?? []);
    return warnings.at(-1)?.split(' | at ')[0] ?? '';
  }

  /** The console's root may have laid something else there: no link is followed, no FIFO waited for. */
  #withFile<T>(use: (fd: number) => T): T | undefined {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    let fd = -1;
    try {
      fd = openSync(this.#path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      return fstatSync(fd).isFile() ? use(fd) : undefined;
    } catch {
      return undefined; // no log, no reason from it
    } finally {
      if (fd >= 0) closeSync(fd);
    }
  }
}
