import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { encodeFrame } from '../../kernel/abi/index.js';
import { runFrontDoor } from './index.js';
import { awaitReady, launchInit } from './launch.js';
import { RootFolder } from './root-folder.js';

it('an init that is late is told, and does not keep the front door from ending', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'launch-'));
  const tree = join(folder, 'tree');
  const pidFile = join(folder, 'pid');
  mkdirSync(join(tree, 'dist/daemons/init'), { recursive: true });
  writeFileSync(join(tree, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(tree, 'dist/daemons/init/main.js'),
    `import { writeFileSync } from 'node:fs'; writeFileSync('${pidFile}', String(process.pid)); setInterval(() => 0, 1000);`,
  );
  const children = (): number =>
    process.getActiveResourcesInfo().filter(name => name === 'ProcessWrap').length;
  const before = children();
  const options = { tree, limitMs: 3000, environment: {} };
  try {
    const launched = launchInit(new RootFolder(join(folder, 'root')), options);
    await expect(launched).rejects.toThrow('did not come up in 3 s');
    expect(children()).toBe(before);
  } finally {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    rmSync(folder, { recursive: true });
  }
});

it('a daemon that does not come up is told at once, in its own words', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'launch-'));
  const root = new RootFolder(folder);
  mkdirSync(dirname(root.initSocket), { recursive: true });
  const status = {
    state: 'running',
    bootId: 'b',
    bind: '127.0.0.1',
    portOffset: 0,
    portsMoved: false,
    pidNamespace: readlinkSync('/proc/self/ns/pid'),
    leftOut: [],
    ports: { http: 1, https: 2, authd: 3, vmkauthd: 4, ssh: 5 },
    user: 'root',
    passwordFile: 'password',
    consoleMemory: { sizeMb: 272, limit: 'kept' },
    daemons: [{ name: 'hostd', pid: 0, state: 'restarting', failure: 'hostd ended 3 times (Error: no)' }],
  };
  const init = createServer(socket => {
    socket.on('data', () => socket.write(encodeFrame({ id: 1, result: status })));
  });
  await new Promise<void>(resolve => {
    init.listen(root.initSocket, resolve);
  });
  try {
    await expect(awaitReady(root)).rejects.toThrow('hostd ended 3 times (Error: no)');
  } finally {
    init.close();
    rmSync(folder, { recursive: true });
  }
});

it('a folder that never held a host has no status: that is an error', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'launch-'));
  const told = { out: '', notes: '' };
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      told.out += String(chunk);
      done();
    },
  });
  const root = join(folder, 'none');
  const exit = await runFrontDoor(['status', '--root', root], {
    tree: folder,
    environment: {},
    input: new PassThrough(),
    output,
    notes: text => {
      told.notes += text;
    },
  });
  expect({ exit, ...told }).toEqual({ exit: 1, out: '', notes: `esx: no host was ever up in ${root}\n` });
  rmSync(folder, { recursive: true });
});
