// Stands in for the VMkernel in init's own tests: says it is ready, answers calls, makes the boot's shared memory and
// one datastore, ends in order on SIGTERM. STANDIN_MODE picks a way to misbehave.
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeFrame, FrameDecoder } from '../../dist/kernel/abi/index.js';

// The VMkernel has more flags than matter here.
const { values } = parseArgs({
  strict: false,
  options: {
    root: { type: 'string' },
    'boot-id': { type: 'string' },
    'host-name': { type: 'string' },
    'ready-fd': { type: 'string' },
    'console-memory-mb': { type: 'string' },
    'init-fd': { type: 'string' },
  },
});
const { root, 'boot-id': bootId, 'ready-fd': readyFd } = values;
const mode = process.env.STANDIN_MODE ?? '';
const shared = `/dev/shm/esx-${bootId}`;
if (mode === 'fails') throw new Error('too small a /dev/shm');
mkdirSync(shared, { mode: 0o700 });
writeFileSync(join(shared, 'sched'), 'statistics', { mode: 0o600 });
const storage = join(root, 'datastores/storage1');
mkdirSync(storage, { recursive: true });
writeFileSync(
  join(root, 'run/vmkernel/datastores.json'),
  JSON.stringify([{ volume: '4a5b6c7d-01020304', label: 'storage1', path: storage }]),
);
// What is init's to do is passed on to it, as the VMkernel does.
const init = new Socket({ fd: Number(values['init-fd']), readable: true, writable: true });
const fromInit = new FrameDecoder();
const waiting = new Map();
init.on('error', () => undefined);
init.on('data', chunk => {
  for (const { header } of fromInit.push(chunk)) waiting.get(header.id)?.(header);
});
const askInit = header =>
  new Promise(resolve => {
    waiting.set(header.id, resolve);
    init.write(encodeFrame(header));
  });
createServer(socket => {
  const decoder = new FrameDecoder();
  socket.on('error', () => undefined);
  socket.on('data', chunk => {
    for (const { header } of decoder.push(chunk)) {
      appendFileSync(join(root, 'run/vmkernel/calls'), `${JSON.stringify(header)}\n`);
      const isInits = header.call === 'hostPower' || header.call === 'service';
      const reply = isInits ? askInit(header) : Promise.resolve({ id: header.id, result: {} });
      void reply.then(answer => socket.write(encodeFrame(answer)));
    }
  });
}).listen(join(root, 'run/vmkernel/control.sock'), () => {
  if (mode !== 'silent') writeSync(Number(readyFd), 'ready\n');
});
// A child that outlives us, as a vmx whose exit is late.
if (mode === 'orphan') spawn('sleep', ['1'], { stdio: 'ignore', detached: true });
if (mode === 'stubborn-orphan') spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
process.on('SIGTERM', () => {
  rmSync(shared, { recursive: true, force: true });
  process.exit(0);
});
