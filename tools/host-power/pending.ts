import { readFileSync, rmSync, writeFileSync } from 'node:fs';

const PID_FILE = '/var/run/shutdown.pid';

/** The one shutdown that waits for its time. */
export class PendingShutdown {
  constructor(private readonly path = PID_FILE) {}

  /** Its process; undefined while there is none. */
  find(): number | undefined {
    try {
      const pid = Number(readFileSync(this.path, 'utf8'));
      const isShutdown = readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('\0shutdown\0');
      return isShutdown ? pid : undefined;
    } catch (error) {
      if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code)))
        return undefined;
      throw error;
    }
  }

  enter(): void {
    writeFileSync(this.path, `${process.pid}\n`, { mode: 0o600 });
  }

  leave(): void {
    rmSync(this.path, { force: true });
  }
}
