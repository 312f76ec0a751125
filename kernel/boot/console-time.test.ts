import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { ConsoleTime } from './console-time.js';

const BURN_US = 300_000;
/** Ticks of Linux that a look may miss. */
const GRAIN_US = 20_000;

/**
 * A service that ignores SIGCHLD, so that Linux forgets the time of its children. `child` has one burn CPU and end,
 * `own` burns its own; `stay` has a child burn CPU and live on until `end`.
 */
const SERVICE = `
import os, signal, sys, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
def burn():
    end = time.process_time() + ${BURN_US / 1e6}
    while time.process_time() < end: pass
for line in sys.stdin:
    word = line.strip()
    if word == 'stay':
        child = os.fork()
        if child == 0:
            burn()
            print('burnt', flush=True)
            time.sleep(60)
        continue
    if word == 'end':
        os.kill(child, signal.SIGKILL)
        try: os.waitpid(child, 0)
        except ChildProcessError: pass
    if word == 'own': burn()
    print('done', flush=True)
`;

const running: ChildProcess[] = [];
afterEach(() => {
  for (const process of running.splice(0)) process.kill('SIGKILL');
});

describe('the time of the service console', () => {
  it('goes on after a process took its time along that nobody waited for', async () => {
    const service = spawn('python3', ['-c', SERVICE], { stdio: ['pipe', 'pipe', 'inherit'] });
    running.push(service);
    const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]();
    const tell = async (word: string): Promise<void> => {
      service.stdin.write(`${word}\n`);
      await lines.next();
    };
    const time = new ConsoleTime(process.pid, -1);
    await tell('none');
    const before = time.readUs();
    await tell('stay');
    const withChild = time.readUs();
    expect(withChild - before).toBeGreaterThanOrEqual(BURN_US - GRAIN_US);
    await tell('end');
    const after = time.readUs();
    expect(after).toBeGreaterThanOrEqual(withChild);
    await tell('own');
    expect(time.readUs() - after).toBeGreaterThanOrEqual(BURN_US - GRAIN_US);
  });
});
