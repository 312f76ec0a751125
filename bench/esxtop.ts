import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pssBytes, TREE, threadTimesUs } from '../test/harness/index.js';

export interface EsxtopCost {
  /** From its start to the first line of a recording. */
  readonly start_ms: number;
  /** CPU time until then. */
  readonly start_cpu_ms: number;
  /** CPU time of one look, mean. */
  readonly look_cpu_ms: number;
  /** What looking every 5 seconds costs, start left out: % of one PCPU. */
  readonly cpu_percent_at_5s: number;
  readonly pss_mib: number;
}

const DELAY_SECONDS = 2;

/** What watching a running host costs. @param looks at least 2: the first one compiles and is left out */
export async function measureEsxtop(socketPath: string, looks: number): Promise<EsxtopCost> {
  const main = join(TREE, 'dist/tools/esxtop/main.js');
  const flags = ['--socket', socketPath, '-b', '-d', `${DELAY_SECONDS}`, '-n', `${looks + 1}`];
  const startedMs = performance.now();
  const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = new Lines(child);
  try {
    await lines.until(1);
    const startMs = performance.now() - startedMs;
    const startCpuUs = cpuUs(child);
    await lines.until(2);
    const fromUs = cpuUs(child);
    await lines.until(looks + 1);
    const lookUs = (cpuUs(child) - fromUs) / (looks - 1);
    return {
      start_ms: startMs,
      start_cpu_ms: startCpuUs / 1000,
      look_cpu_ms: lookUs / 1000,
      cpu_percent_at_5s: (100 * lookUs) / 5e6,
      pss_mib: pssBytes(child.pid ?? 0) / 2 ** 20,
    };
  } finally {
    const over = once(child, 'close');
    child.kill();
    await over;
  }
}

function cpuUs(child: ChildProcess): number {
  let sum = 0;
  for (const usedUs of threadTimesUs(child.pid ?? 0).values()) sum += usedUs;
  return sum;
}

/** Counts a program's lines as they come. */
class Lines {
  #seen = 0;
  #ended = false;
  #look: () => void = () => undefined;

  constructor(child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#seen += chunk.toString('latin1').split('\n').length - 1;
      this.#look();
    });
    child.once('close', () => {
      this.#ended = true;
      this.#look();
    });
  }

  until(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        if (this.#seen >= count) resolve();
        else if (this.#ended) reject(new Error(`esxtop ended after ${this.#seen} lines`));
      };
      this.#look();
    });
  }
}
