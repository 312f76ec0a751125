import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface QemuOptions {
  readonly disk: string;
  readonly memoryMb: number;
}

const WAIT_MS = 90_000;

/** QEMU (TCG) as an independent PC: the disk of a guest, its first serial port, nothing else. */
export class QemuMachine {
  #text = '';
  #from = 0;
  #waiting: (() => void) | undefined;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    child.stdout.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      this.#waiting?.();
    });
  }

  static start(options: QemuOptions): QemuMachine {
    const drive = `file=${options.disk},format=raw,cache=writeback,if=ide`;
    const machine = ['-accel', 'tcg', '-m', String(options.memoryMb), '-display', 'none', '-nic', 'none'];
    const args = [...machine, '-serial', 'stdio', '-monitor', 'none', '-drive', drive];
    return new QemuMachine(spawn('qemu-system-i386', args));
  }

  send(text: string): void {
    this.child.stdin.write(text, 'latin1');
  }

  /** Waits for `pattern` behind what an earlier wait matched. */
  async expect(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const match = pattern.exec(this.#text.slice(this.#from));
      if (match) {
        this.#from += match.index + match[0].length;
        return match;
      }
      await this.#more(pattern, deadline);
    }
  }

  async #more(pattern: RegExp, deadline: number): Promise<void> {
    const fail = (why: string) =>
      new Error(`${why} before ${pattern}; the last output: ${this.#text.slice(-600)}`);
    if (this.child.exitCode !== null) throw fail('QEMU ended');
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(fail('time was up')), Math.max(0, deadline - Date.now()));
      const done = (): void => {
        clearTimeout(timer);
        this.child.off('exit', done);
        resolve();
      };
      this.#waiting = done;
      this.child.once('exit', done);
    });
  }

  /** Resolves when the guest has powered itself off. */
  async off(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.off();
  }
}
