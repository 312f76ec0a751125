import { spawn } from 'node:child_process';
import pino from 'pino';
import { expect, it, vi } from 'vitest';
import { SupervisedDaemon } from './supervised-daemon.js';

function daemon(script: () => string, ready: () => Promise<void>): SupervisedDaemon {
  return new SupervisedDaemon({
    name: 'hostd',
    start: () => {
      const process = spawn('sh', ['-c', script()], { stdio: ['ignore', 'ignore', 'pipe'] });
      return { process, pid: process.pid ?? 0, entered: Promise.resolve() };
    },
    ready,
    logger: pino({ level: 'silent' }),
  });
}

const never = () => new Promise<void>(() => undefined);

it('says why a daemon does not come up that ends again and again before it serves', async () => {
  const one = daemon(() => 'echo "Error: no such table" >&2; echo "at line 5" >&2; exit 3', never);
  one.start();
  const failure = await vi.waitUntil(() => one.failure, { timeout: 10_000 });
  expect(failure).toBe('hostd ended 3 times before it served (exit status 3: Error: no such table)');
  await one.stop('stopped');
});

it('says nothing of a daemon that dies after it has served, and takes back what it said when it serves', async () => {
  let served = false;
  const one = daemon(
    () => (served ? 'exec sleep 60' : 'exit 1'),
    () => (served ? Promise.resolve() : never()),
  );
  one.start();
  await vi.waitUntil(() => one.failure, { timeout: 10_000 });
  served = true;
  await vi.waitUntil(() => one.state === 'running', { timeout: 10_000 });
  expect(one.failure).toBeUndefined();
  process.kill(one.pid, 'SIGKILL');
  await vi.waitUntil(() => one.state !== 'running');
  expect(one.failure).toBeUndefined();
  await one.stop('stopped');
});
