import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventfdSignal, mapFile } from '../../lib/linux/index.js';
import { BellFile, emptyStorageVmFigures, KickReason, StorageFile } from '../abi/index.js';
import { DiskRing } from '../vmm/disk-ring.js';
import type { OpenedDisks } from './disk-opener.js';
import { StorageHost } from './testing/storage-host.js';

const WORLD = 1040;
const ROW = WORLD % 16;
const DIST = new URL('../../dist/', import.meta.url);

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}

function transfer(opcode: number, block: number, count: number): Uint8Array {
  return Uint8Array.of(opcode, 0, 0, 0, block >> 8, block & 255, 0, count >> 8, count & 255, 0);
}

describe('disks of VMs', { timeout: 30_000 }, () => {
  let host: StorageHost;
  beforeEach(() => {
    host = new StorageHost({}, ['slow']);
  });
  afterEach(async () => {
    await host.system.stop();
    expect(host.fatal).toEqual([]);
    expect(host.ringFiles()).toEqual([]);
    host.remove();
  });

  const ringOf = ({ ring, doorbellFd }: OpenedDisks): DiskRing =>
    new DiskRing({ shmDir: host.shmDir, ...ring, doorbellFd });
  async function run(ring: DiskRing, cdb: Uint8Array, out: Uint8Array | undefined, inBytes = 0, target = 0) {
    let end: { status: number; asc: number | undefined; data: Buffer | undefined } | undefined;
    ring.port(target).submit(cdb, out, inBytes, (status, sense, data) => {
      end = { status, asc: sense?.[12], data: data && Buffer.from(data) };
    });
    await until(() => ring.poll() > 0 || end !== undefined);
    return end;
  }
  const codeOf = async (attempt: Promise<unknown>) =>
    attempt.then(
      () => ({ code: 'done', details: {} }),
      (error: { code: string; details: object }) => ({ code: error.code, details: error.details }),
    );
  const openFiles = (): string[] =>
    readdirSync('/proc/self/fd').flatMap(fd => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return []; // the descriptor that lists them
      }
    });

  it('carry data, count, and kick their world', async () => {
    host.makeDisk('storage1', 'vm', 'disk');
    await host.system.start();
    const opened = await host.open(WORLD, 'storage1', 'vm', ['disk.vmdk']);
    expect(opened.disks).toEqual([{ node: 'ide0:0', target: 0, sizeBytes: 2048 * 512 }]);
    const ring = ringOf(opened);
    const data = Buffer.alloc(1 << 20, 'payload');
    expect((await run(ring, transfer(0x2a, 0, 2048), data))?.status).toBe(0);
    const back = await run(ring, transfer(0x28, 0, 2048), undefined, 1 << 20);
    expect(back?.data?.equals(data)).toBe(true);
    expect(readFileSync(host.folder('storage1', 'vm', 'disk-flat.vmdk')).equals(data)).toBe(true);
    expect((await run(ring, transfer(0x28, 2047, 2), undefined, 1024))?.asc).toBe(0x21);
    const statistics = new StorageFile(
      mapFile(join(host.shmDir, 'storage'), StorageFile.SIZE_BYTES, false).memory,
    );
    const figures = emptyStorageVmFigures();
    await until(() => statistics.storageVm.read(ROW, figures) && figures.errors === 1);
    expect(figures).toMatchObject({
      generation: 1,
      reads: 1,
      writes: 1,
      readBytes: 1 << 20,
      writtenBytes: 1 << 20,
    });
    expect(figures.cpuUs).toBeGreaterThan(0);
    expect(figures.latencyUs).toBeGreaterThan(0);
    const { bell } = new BellFile(mapFile(join(host.shmDir, 'bell'), BellFile.SIZE_BYTES, false).memory);
    expect(bell.reasons(ROW)).toBe(KickReason.disk);
    await host.system.closeDisks(WORLD);
    await host.system.closeDisks(WORLD);
    expect(openFiles().filter(path => path.startsWith(host.root) && path.endsWith('.vmdk'))).toEqual([]);
  });

  it('are refused with their cause, and leave nothing open or locked', async () => {
    for (const name of ['good', 'short', 'gone', 'sparse', 'out', 'link', 'two'])
      host.makeDisk('storage1', 'vm', name);
    const at = (name: string): string => host.folder('storage1', 'vm', name);
    const edit = (name: string, from: string | RegExp, to: string): void =>
      writeFileSync(at(name), readFileSync(at(name), 'utf8').replace(from, to));
    truncateSync(at('short-flat.vmdk'), 2047 * 512);
    edit('gone.vmdk', 'gone-flat', 'no-flat');
    edit('sparse.vmdk', '"vmfs"', '"vmfsSparse"');
    edit('out.vmdk', 'out-flat', '../../../out');
    edit('two.vmdk', 'RW 2048 VMFS', 'RW 1 VMFS "two-flat.vmdk"\nRW 2047 VMFS');
    execFileSync('rm', [at('link-flat.vmdk')]);
    symlinkSync(join(host.root, 'elsewhere'), at('link-flat.vmdk'));
    writeFileSync(at('kdmv.vmdk'), 'KDMV\x01');
    writeFileSync(at('text.vmdk'), 'hello');
    await host.system.start();
    const [{ path: volume = '' } = {}] = (await host.system.listDatastores()).filter(
      each => each.label === 'storage1',
    );
    const refused = async (name: string) => codeOf(host.open(WORLD, 'storage1', 'vm', ['good.vmdk', name]));
    expect(await refused('none.vmdk')).toEqual({
      code: 'DiskMissing',
      details: { path: `${volume}/vm/none.vmdk` },
    });
    expect(await refused('gone.vmdk')).toEqual({
      code: 'DiskMissing',
      details: { path: `${volume}/vm/no-flat.vmdk` },
    });
    expect(await refused('short.vmdk')).toEqual({
      code: 'DiskTooShort',
      details: { path: `${volume}/vm/short-flat.vmdk`, neededBytes: 2048 * 512, haveBytes: 2047 * 512 },
    });
    expect(await refused('sparse.vmdk')).toMatchObject({
      code: 'NotSupported',
      details: { type: 'vmfsSparse' },
    });
    expect(await refused('kdmv.vmdk')).toMatchObject({
      code: 'NotSupported',
      details: { type: 'monolithicSparse' },
    });
    expect(await refused('text.vmdk')).toMatchObject({
      code: 'InvalidDescriptor',
      details: { reason: 'NotADescriptor', line: 1 },
    });
    expect((await refused('out.vmdk')).code).toBe('PermissionDenied');
    expect((await refused('link.vmdk')).code).toBe('PermissionDenied');
    expect((await refused('../../../../etc/passwd')).code).toBe('PermissionDenied');
    expect((await refused('two.vmdk')).code).toBe('FileLocked'); // one file under two extents
    expect((await refused('good.vmdk')).code).toBe('FileLocked'); // one disk twice
    expect(openFiles().filter(path => path.endsWith('.vmdk'))).toEqual([]);
    await host.open(WORLD, 'storage1', 'vm', ['good.vmdk']);
  });

  it('are locked against a second VM and against file calls until they are closed', async () => {
    host.makeDisk('storage1', 'vm', 'disk');
    await host.system.start();
    await host.open(WORLD, 'storage1', 'vm', ['disk.vmdk']);
    expect((await codeOf(host.open(WORLD + 1, 'storage1', 'vm', ['disk.vmdk']))).code).toBe('FileLocked');
    const path = '/vmfs/volumes/storage1/vm/disk-flat.vmdk';
    const call = (name: 'fileWrite' | 'fileRemove' | 'fileRename', args: object) =>
      codeOf(host.system.files.call(name, { path, ...args }, Buffer.from('x')));
    expect((await call('fileWrite', { offsetBytes: 0, create: false, truncate: true })).code).toBe(
      'FileLocked',
    );
    expect((await call('fileRemove', { recursive: false })).code).toBe('FileLocked');
    expect((await call('fileRename', { from: path, to: `${path}.x` })).code).toBe('FileLocked');
    await host.system.closeDisks(WORLD);
    await host.open(WORLD + 1, 'storage1', 'vm', ['disk.vmdk']);
  });

  it('are given back after kill -9 of a vmx that had its ring full', async () => {
    host.makeDisk('storage1', 'vm', 'disk', 65536);
    await host.system.start();
    const sizes = { depth: 64, requestArenaBytes: 4 << 20, completionArenaBytes: 1 << 20 };
    for (let round = 0; round < 3; round++) {
      const opened = await host.open(WORLD, 'storage1', 'vm', ['disk.vmdk'], sizes);
      const vmx = startFlood(opened);
      await once(vmx.stdout ?? vmx, 'data');
      vmx.kill('SIGKILL');
      await once(vmx, 'exit');
      await host.system.closeDisks(WORLD);
      expect(host.ringFiles()).toEqual([]);
    }
    const ring = ringOf(await host.open(WORLD, 'storage1', 'vm', ['disk.vmdk']));
    expect((await run(ring, transfer(0x2a, 1, 1), Buffer.alloc(512, 'z')))?.status).toBe(0);
  });

  /** Another process writes without end and says so once. */
  function startFlood({ ring, doorbellFd }: OpenedDisks): ChildProcess {
    const program = `
      import { DiskRing } from '${DIST.href}kernel/vmm/index.js';
      const ring = new DiskRing({ shmDir: '${host.shmDir}', request: '${ring.request}', completion: '${ring.completion}', doorbellFd: 3 });
      const data = new Uint8Array(65536), port = ring.port(0);
      let block = 0, ended = 0;
      const next = () => {
        port.submit(Uint8Array.of(0x2a, 0, 0, 0, block >> 8, block & 255, 0, 0, 128, 0), data, 0, () => { if (++ended === 100) console.log('busy'); next(); });
        block = (block + 128) % 65536;
      };
      for (let i = 0; i < 64; i++) next();
      for (;;) ring.poll();`;
    const args = ['--input-type=module', '-e', program];
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', doorbellFd] });
  }

  it('report a ring that its vmx has spoilt, and close', async () => {
    host.makeDisk('storage1', 'vm', 'disk');
    await host.system.start();
    const opened = await host.open(WORLD, 'storage1', 'vm', ['disk.vmdk']);
    const ring = ringOf(opened);
    await run(ring, transfer(0, 0, 0), undefined);
    const { memory } = mapFile(join(host.shmDir, opened.ring.request), 4096, true);
    new Int32Array(memory)[16] = 0x40000000; // the first word after the file's header: head
    eventfdSignal(opened.doorbellFd);
    await until(() => host.broken.length > 0);
    expect(host.broken).toEqual([WORLD]);
    await host.system.closeDisks(WORLD);
  });

  it('leave nothing when shared memory is too small', async () => {
    host.makeDisk('storage1', 'vm', 'disk');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'small', mkdirp(join(host.root, 'small'))]);
    const small = new StorageHost({ shmDir: join(host.root, 'small'), rootDir: host.root });
    try {
      await small.system.start();
      const refused = await codeOf(small.open(WORLD, 'storage1', 'vm', ['disk.vmdk']));
      expect(refused).toMatchObject({ code: 'ShmTooSmall', details: { neededBytes: expect.any(Number) } });
      expect(readdirSync(join(host.root, 'small')).sort()).toEqual(['bell', 'sched', 'storage']);
      await host.system.start();
      await host.open(WORLD, 'storage1', 'vm', ['disk.vmdk']); // no lock was left
    } finally {
      await small.system.stop();
      execFileSync('umount', ['--lazy', join(host.root, 'small')]); // the process keeps its mapping of the statistics
      small.remove();
    }
  });

  it('on one datastore go on while another hangs', async () => {
    const released = join(host.root, 'released');
    const hanging = new StorageHost({ rootDir: host.root, threadsDir: hangingThreads(host.root, released) });
    host.makeDisk('slow', 'vm', 'disk');
    host.makeDisk('storage1', 'vm', 'disk', 65536);
    await hanging.system.start();
    try {
      const ring = (opened: OpenedDisks) =>
        new DiskRing({ shmDir: hanging.shmDir, ...opened.ring, doorbellFd: opened.doorbellFd });
      const slow = ring(await hanging.open(WORLD, 'slow', 'vm', ['disk.vmdk']));
      const fast = ring(await hanging.open(WORLD + 1, 'storage1', 'vm', ['disk.vmdk']));
      const slowEnds: number[] = [];
      for (let i = 0; i < 4; i++)
        slow.port(0).submit(transfer(0x2a, i, 1), Buffer.alloc(512), 0, status => slowEnds.push(status));
      for (let i = 0; i < 200; i++) {
        expect((await run(fast, transfer(0x2a, i, 1), Buffer.alloc(512)))?.status).toBe(0);
        expect((await run(fast, transfer(0x28, i, 1), undefined, 512))?.status).toBe(0);
      }
      const read = { path: '/vmfs/volumes/storage1/vm/disk.vmdk', offsetBytes: 0, lengthBytes: 10 };
      expect((await hanging.system.files.call('fileRead', read, new Uint8Array(0))).body?.length).toBe(10);
      slow.poll();
      expect(slowEnds).toEqual([]);
      // The VM is gone, its I/O is not: its disks stay locked until the datastore answers.
      let closed = false;
      const closing = hanging.system.closeDisks(WORLD).then(() => {
        closed = true;
      });
      expect((await run(fast, transfer(0x28, 0, 1), undefined, 512))?.status).toBe(0);
      expect(closed).toBe(false);
      writeFileSync(released, '');
      await closing;
      await hanging.open(WORLD, 'slow', 'vm', ['disk.vmdk']);
    } finally {
      writeFileSync(released, '');
      expect(await hanging.system.stop()).toBe(true);
      hanging.remove();
    }
  });
});

function mkdirp(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

/** The built threads, but I/O workers of the datastore `slow` stand still with a job until `released` exists. */
function hangingThreads(folder: string, released: string): URL {
  const threads = mkdirp(join(folder, 'threads', 'thread'));
  mkdirp(join(folder, 'threads', 'files'));
  writeFileSync(join(folder, 'threads', 'package.json'), '{"type":"module"}');
  const real = (name: string): string => new URL(`kernel/storage/${name}`, DIST).href;
  writeFileSync(join(threads, 'main.js'), `import '${real('thread/main.js')}';`);
  writeFileSync(
    join(folder, 'threads', 'files', 'file-worker.js'),
    `import '${real('files/file-worker.js')}';`,
  );
  const worker = `
    import { existsSync } from 'node:fs';
    import { parentPort, workerData } from 'node:worker_threads';
    if (workerData.name.endsWith('slow')) {
      parentPort.postMessage('ready');
      const nap = new Int32Array(new SharedArrayBuffer(4));
      while (!existsSync(${JSON.stringify(released)})) Atomics.wait(nap, 0, 0, 5);
    }
    await import('${real('thread/io-worker.js')}');`;
  writeFileSync(join(threads, 'io-worker.js'), worker);
  expect(existsSync(join(threads, 'io-worker.js'))).toBe(true);
  return new URL(`file://${join(folder, 'threads')}/`);
}
