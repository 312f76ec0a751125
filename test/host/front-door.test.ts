import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { attachStatistics } from '../../kernel/client/index.js';
import { ESX, processesNaming, runProgram, TestHost, until } from '../harness/index.js';

const hosts: TestHost[] = [];
function newHost(): TestHost {
  const host = new TestHost();
  hosts.push(host);
  return host;
}
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

/** A listener of ours on some port that was free. */
function listen(): Promise<{ taken: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const taken = createServer();
    taken.once('error', reject);
    taken.listen(0, '127.0.0.1', () => {
      const address = taken.address();
      if (address === null || typeof address === 'string') reject(new Error('no TCP port'));
      else resolve({ taken, port: address.port });
    });
  });
}

const HTTPS_PORT = 443;

describe('ports', () => {
  it('in use with --port-offset given is an error that names the port, and leaves nothing', async () => {
    const { taken, port } = await listen();
    const host = newHost();
    const finished = await host.esx(['up', '--vm', 'none', '--port-offset', String(port - HTTPS_PORT)]);
    taken.close();
    expect(finished.status).toBe(1);
    expect(finished.stderr).toContain(`port ${port} (https)`);
    expect(processesNaming(host.root)).toEqual([]);
    expect((await host.esx(['status'])).stderr).toContain('no host was ever up');
  });

  it('move by the first free offset without it, and up says so', async () => {
    const first = newHost();
    await first.up();
    const second = newHost();
    const finished = await second.up();
    const [a, b] = [await first.status(), await second.status()];
    expect(b.ports.https - 443).toBeGreaterThan(0);
    expect(b.ports.https - 443).toBe(b.ports.ssh - 22);
    expect(finished.stderr).toContain(`ports moved by ${b.ports.https - 443}`);
    expect(new Set([...Object.values(a.ports), ...Object.values(b.ports)]).size).toBe(10);
    await first.esx(['down']);
    expect((await second.ssh('vmware -v')).status).toBe(0);
  });
});

describe('./esx up', () => {
  it('refuses a folder that cannot be made, and one that is a file', async () => {
    const nowhere = await runProgram(process.execPath, [ESX, 'up', '--root', '/proc/esx', '--vm', 'none']);
    expect(nowhere.status).toBe(1);
    expect(nowhere.stderr).toMatch(/folder cannot be used: \/proc\/esx/);
    const host = newHost();
    writeFileSync(join(host.root, 'file'), '');
    const file = await runProgram(process.execPath, [
      ESX,
      'up',
      '--root',
      join(host.root, 'file'),
      '--vm',
      'none',
    ]);
    expect(file.stderr).toMatch(/folder cannot be used/);
  });

  it('refuses a folder whose sockets would have too long a path', async () => {
    const host = newHost();
    const deep = join(host.root, 'x'.repeat(100));
    mkdirSync(deep);
    const finished = await runProgram(process.execPath, [ESX, 'up', '--root', deep, '--vm', 'none']);
    expect(finished.stderr).toMatch(/too long a path/);
  });

  it('refuses an address that the machine has not', async () => {
    const finished = await newHost().esx(['up', '--vm', 'none', '--bind', '192.0.2.1']);
    expect(finished.status).toBe(1);
    expect(finished.stderr).toMatch(/192\.0\.2\.1/);
  });

  it('runs once at a time', async () => {
    const host = newHost();
    const first = host.up();
    await until(
      'the first up to start init',
      () => processesNaming(`init/main.js\0--root\0${host.root}`).length > 0,
    );
    const second = await host.esx(['up', '--vm', 'none']);
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/another \.\/esx up is at work/);
    await first;
  });

  it('completes what a killed up began', async () => {
    const host = newHost();
    await host
      .esx(['up', '--vm', 'none'], {
        started: child => {
          until('init to run', () => processesNaming(`init/main.js\0--root\0${host.root}`).length > 0).then(
            () => child.kill('SIGKILL'),
            () => child.kill('SIGKILL'),
          );
        },
      })
      .catch(() => undefined);
    await host.up();
    expect((await host.status()).daemons.every(d => d.state === 'running')).toBe(true);
  });

  it('says how much shared memory it needs when /dev/shm is too small', async () => {
    const host = newHost();
    const finished = await runProgram('unshare', [
      ...['--mount', '--propagation', 'private', 'sh', '-c'],
      'mount -t tmpfs -o size=64k shm /dev/shm && exec "$@"',
      ...['sh', process.execPath, ESX, 'up', '--root', host.root, '--vm', 'none'],
    ]);
    expect(finished.status).toBe(1);
    expect(finished.stderr + host.logs()).toMatch(/\/dev\/shm.*\d+/);
    expect(processesNaming(host.root)).toEqual([]);
  });

  it('tells an ordinary user why, where the machine gives him no namespaces', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esx-refusing-'));
    chmodSync(folder, 0o755);
    // util-linux's words where user.max_user_namespaces is 0.
    const refusal = 'unshare failed: No space left on device';
    writeFileSync(join(folder, 'unshare'), `#!/bin/sh\necho "${refusal}" >&2\nexit 1\n`, { mode: 0o755 });
    const root = join('/tmp', `esx-nobody-${process.pid}`);
    const finished = await runProgram(
      'setpriv',
      [
        ...['--reuid', '65534', '--regid', '65534', '--clear-groups'],
        ...[process.execPath, ESX, 'up', '--root', root, '--vm', 'none'],
      ],
      { env: { PATH: `${folder}:${process.env.PATH}` } },
    );
    rmSync(folder, { recursive: true });
    rmSync(root, { recursive: true, force: true });
    expect(finished.status).toBe(1);
    expect(finished.stderr).toContain(`gives an ordinary user no namespaces: ${refusal}`);
    expect(finished.stderr).toContain('./esx up as root');
  });
});

describe('shared memory of another build', () => {
  it('is refused by every reader, and the host goes on', async () => {
    const host = newHost();
    await host.up();
    const kernel = await host.kernel();
    const { shmDir } = await kernel.call('hostInfo', {});
    const path = join(shmDir, 'host');
    const HASH_OFFSET = 4;
    const hash = readFileSync(path).subarray(HASH_OFFSET, HASH_OFFSET + 4);
    const spoilt = Buffer.from(hash.map(byte => byte ^ 0xff));
    const fd = openSync(path, 'r+');
    writeSync(fd, spoilt, 0, 4, HASH_OFFSET);
    expect(() => attachStatistics(shmDir)).toThrowError(expect.objectContaining({ code: 'AbiMismatch' }));
    const top = await host.ssh('esxtop -b -n 1');
    expect(top.status).not.toBe(0);
    expect(top.stderr).toMatch(/another build/);
    writeSync(fd, hash, 0, 4, HASH_OFFSET);
    closeSync(fd);
    expect((await host.ssh('esxtop -b -n 1')).status).toBe(0);
  });
});
