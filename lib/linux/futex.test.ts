import { Worker } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import { futexWake } from './futex.js';
import { addressOf } from './libc.js';

const workers: Worker[] = [];
afterEach(() => Promise.all(workers.splice(0).map(worker => worker.terminate())));

/** A thread that waits for the word again and again, 50 ms at most. */
const WAITER = `
  const { workerData } = require('node:worker_threads');
  const futex = require('koffi').load('libc.so.6')
    .func('syscall', 'long', ['long', 'intptr_t', 'int', 'uint32_t', 'void *', 'intptr_t', 'uint32_t']);
  const time = new BigInt64Array([0n, 50_000_000n]);
  for (;;) futex(202, workerData, 0, 7, time, 0, 0);
`;

it('wakes everybody who waits: a bystander cannot take the wake of another', async () => {
  const word = new Int32Array(new SharedArrayBuffer(4));
  word[0] = 7;
  const address = addressOf(word);
  for (let i = 0; i < 3; i++) workers.push(new Worker(WAITER, { eval: true, workerData: address }));
  await vi.waitFor(() => expect(futexWake(address)).toBe(3), { timeout: 5000, interval: 20 });
});
