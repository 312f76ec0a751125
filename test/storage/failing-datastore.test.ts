import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StorageHost } from '../../kernel/storage/testing/storage-host.js';
import { DiskRing } from '../../kernel/vmm/disk-ring.js';

const available = ['nbdfuse', 'nbdkit'].every(tool => spawnSync(tool, ['--version']).status === 0);
const WORLD = 1040;
const READ_10 = 0x28;
const WRITE_10 = 0x2a;
const SYNCHRONIZE_CACHE_10 = 0x35;

interface End {
  status: number;
  sense: string | undefined;
}

/** A datastore whose disk is a FUSE file of nbdfuse over nbdkit, with filters that fail and stop it. */
describe.skipIf(!available)('a disk on a datastore that fails', { timeout: 60_000 }, () => {
  let host: StorageHost;
  let server: ChildProcess;
  let flat = '';
  let slow: DiskRing;
  let fast: DiskRing;
  const errorFile = () => join(host.root, 'fail');
  const control = () => join(host.root, 'pause.sock');

  beforeEach(async () => {
    host = new StorageHost({}, ['slow']);
    host.makeDisk('slow', 'vm', 'disk');
    host.makeDisk('storage1', 'vm', 'disk');
    flat = host.folder('slow', 'vm', 'disk-flat.vmdk');
    writeFileSync(flat, '');
    const filters = ['--filter=pause', '--filter=error', 'memory', '1M', `pause-control=${control()}`];
    const failing = ['error-rate=100%', `error-file=${errorFile()}`];
    server = spawn(
      'nbdfuse',
      [flat, '--command', 'nbdkit', '-s', '--exit-with-parent', ...filters, ...failing],
      {
        stdio: 'ignore',
      },
    );
    await until(() => statSync(flat).size > 0);
    await host.system.start();
    slow = await open(WORLD, 'slow');
    fast = await open(WORLD + 1, 'storage1');
  });
  afterEach(async () => {
    server.kill('SIGKILL');
    expect(await host.system.stop()).toBe(true);
    execFileSync('umount', ['--lazy', flat]);
    expect(host.fatal).toEqual([]);
    host.remove();
  });

  async function open(worldId: number, label: string): Promise<DiskRing> {
    const { ring, doorbellFd } = await host.open(worldId, label, 'vm', ['disk.vmdk']);
    return new DiskRing({ shmDir: host.shmDir, ...ring, doorbellFd });
  }
  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise(resolve => setImmediate(resolve));
  }
  function submit(ring: DiskRing, opcode: number, block: number, ends: End[]): void {
    const cdb = Uint8Array.of(opcode, 0, 0, 0, block >> 8, block & 255, 0, 0, 1, 0);
    const out = opcode === WRITE_10 ? new Uint8Array(512).fill(block) : undefined;
    ring.port(0).submit(cdb, out, opcode === READ_10 ? 512 : 0, (status, sense) => {
      // Key, additional sense code and qualifier.
      ends.push({ status, sense: sense && `${sense[2]}/${sense[12]?.toString(16)}/${sense[13]}` });
    });
  }
  async function run(ring: DiskRing, opcode: number, block: number): Promise<End | undefined> {
    const ends: End[] = [];
    submit(ring, opcode, block, ends);
    await until(() => {
      ring.poll();
      return ends.length > 0;
    });
    return ends[0];
  }
  async function pause(command: 'p' | 'r'): Promise<void> {
    const socket = connect(control());
    socket.write(command);
    await once(socket, 'data');
    socket.end();
  }

  it('tells the guest of each failed command by sense data, and works again afterwards', async () => {
    writeFileSync(errorFile(), '');
    expect(await run(slow, READ_10, 100)).toEqual({ status: 2, sense: '3/11/0' });
    expect(await run(slow, WRITE_10, 200)).toEqual({ status: 2, sense: '3/c/0' });
    rmSync(errorFile());
    expect((await run(slow, WRITE_10, 300))?.status).toBe(0);
    expect((await run(slow, SYNCHRONIZE_CACHE_10, 0))?.status).toBe(0);
    expect((await run(slow, READ_10, 300))?.status).toBe(0);
  });

  it('holds up nobody else while it hangs, and ends its commands when it comes back', async () => {
    await pause('p');
    const ends: End[] = [];
    for (const [opcode, block] of [
      [READ_10, 1000],
      [WRITE_10, 1100],
      [READ_10, 1200],
    ] as const)
      submit(slow, opcode, block, ends);
    const path = (label: string) => ({
      path: `/vmfs/volumes/${label}/vm/disk-flat.vmdk`,
      offsetBytes: 900 * 512,
      lengthBytes: 9,
    });
    const fileRead = (label: string) => host.system.files.call('fileRead', path(label), new Uint8Array(0));
    const held = fileRead('slow');
    for (let block = 0; block < 100; block++) expect((await run(fast, WRITE_10, block))?.status).toBe(0);
    expect((await fileRead('storage1')).body?.length).toBe(9);
    const accessible = (await host.system.listDatastores()).map(({ label, accessible }) => [
      label,
      accessible,
    ]);
    expect(accessible).toEqual([
      ['slow', false],
      ['storage1', true],
    ]);
    slow.poll();
    expect(ends).toEqual([]);
    await pause('r');
    await until(() => {
      slow.poll();
      return ends.length === 3;
    });
    expect(ends.every(end => end.status === 0)).toBe(true);
    expect((await held).body?.length).toBe(9);
  });

  it('is lost for the guest when its server dies, and closes', async () => {
    server.kill('SIGKILL');
    await once(server, 'exit');
    expect(await run(slow, READ_10, 700)).toEqual({ status: 2, sense: '4/8/0' });
    await host.system.closeDisks(WORLD);
    expect((await run(fast, WRITE_10, 1))?.status).toBe(0);
  });
});
