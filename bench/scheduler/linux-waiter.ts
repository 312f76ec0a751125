import { FutexWaiter, mapFile, nowUs, pinToCpu, setTimerSlack } from '../../lib/linux/index.js';
import { WakeFile } from './linux-wake.js';

// A process of Linux's ordinary class that sleeps on a futex and notes how late it woke: linux-waiter FILE CPU
const [path = '', cpu = '0'] = process.argv.slice(2);
const { address, memory } = mapFile(path, WakeFile.bytes, true);
const words = new Int32Array(memory);
const figures = new Float64Array(memory);
const waiter = new FutexWaiter();
const room = figures.length - WakeFile.samplesAt;
pinToCpu(0, Number(cpu));
setTimerSlack(1);
Atomics.store(words, WakeFile.ready, 1);
for (let seen = 0, count = 0; count < room; ) {
  waiter.wait(address, seen, 90_000);
  const atUs = nowUs();
  const word = Atomics.load(words, WakeFile.word);
  if (word === seen) continue;
  seen = word;
  figures[WakeFile.samplesAt + count++] = atUs - (figures[WakeFile.kickedAt] ?? 0);
  Atomics.store(words, WakeFile.count, count);
}
