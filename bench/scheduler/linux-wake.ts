import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { futexWake, mapFile, nowUs } from '../../lib/linux/index.js';
import { TREE } from '../../test/harness/index.js';

/** Words and figures in the file that both map. */
export const WakeFile = { bytes: 65_536, word: 0, ready: 1, count: 2, kickedAt: 8, samplesAt: 16 } as const;

/** What Linux itself takes to wake a sleeping process on a CPU: the same futex, no VMkernel. */
export class LinuxWaiter {
  private constructor(
    private readonly child: ChildProcess,
    private readonly address: number,
    private readonly words: Int32Array,
    private readonly figures: Float64Array,
  ) {}

  static async start(folder: string, cpu: number): Promise<LinuxWaiter> {
    const path = join(folder, 'linux-wake');
    writeSync(openSync(path, 'w'), Buffer.alloc(WakeFile.bytes));
    const { address, memory } = mapFile(path, WakeFile.bytes, true);
    const main = join(TREE, 'dist/bench/scheduler/linux-waiter.js');
    const child = spawn(process.execPath, [main, path, String(cpu)], { stdio: 'inherit' });
    const waiter = new LinuxWaiter(child, address, new Int32Array(memory), new Float64Array(memory));
    while (Atomics.load(waiter.words, WakeFile.ready) === 0) await delay(10);
    return waiter;
  }

  kick(): void {
    this.figures[WakeFile.kickedAt] = nowUs();
    Atomics.add(this.words, WakeFile.word, 1);
    futexWake(this.address);
  }

  latenciesUs(): number[] {
    const count = Atomics.load(this.words, WakeFile.count);
    return [...this.figures.subarray(WakeFile.samplesAt, WakeFile.samplesAt + count)];
  }

  async stop(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
