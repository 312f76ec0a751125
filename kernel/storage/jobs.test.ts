import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobCaller } from './job-calls.js';
import { StorageHost } from './testing/storage-host.js';

const MIB = 1 << 20;
const ds = (rest: string, label = 'storage1'): string => `/vmfs/volumes/${label}/${rest}`;

function caller(): JobCaller & { abort(): void; close(): void; seen: number[] } {
  const controller = new AbortController();
  const listeners = new Set<() => void>();
  const seen: number[] = [];
  return {
    signal: controller.signal,
    progress: fraction => void seen.push(fraction),
    onClose: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    abort: () => controller.abort(),
    close: () => {
      for (const listener of listeners) listener();
    },
    seen,
  };
}

const codeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'done',
    (error: { code: string }) => error.code,
  );

interface QemuInfo {
  readonly format: string;
  readonly 'virtual-size': number;
}

describe('disk jobs', { timeout: 60_000 }, () => {
  let host: StorageHost;
  beforeAll(async () => {
    host = new StorageHost({}, ['second']);
    await host.system.start();
    mkdirSync(host.folder('storage1', 'vm'));
  });
  afterAll(async () => {
    expect(await host.system.stop()).toBe(true);
    host.remove();
  });

  const jobs = () => host.system.jobs;
  const at = (...rest: string[]) => host.folder('storage1', ...rest);
  const qemuInfo = (path: string): QemuInfo =>
    JSON.parse(execFileSync('qemu-img', ['info', '--output=json', path], { encoding: 'utf8' }));
  const create = (name: string, format: 'thin' | 'zeroedthick' | 'eagerzeroedthick', sizeBytes = 8 * MIB) =>
    jobs().createDisk({ path: ds(`vm/${name}.vmdk`), sizeBytes, format, adapterType: 'lsilogic' }, caller());
  const leftovers = (folder = at('vm')) => [
    ...readdirSync(folder).filter(name => name.includes('.tmp')),
    ...(existsSync(join(host.root, 'datastores/.jobs'))
      ? readdirSync(join(host.root, 'datastores/.jobs'))
      : []),
  ];

  it('makes disks that qemu-img reads, with the space that their format promises', async () => {
    for (const format of ['thin', 'zeroedthick', 'eagerzeroedthick'] as const) {
      await create(format, format);
      const info = qemuInfo(at('vm', `${format}.vmdk`));
      expect([info.format, info['virtual-size']]).toEqual(['vmdk', 8 * MIB]);
      const flat = statSync(at('vm', `${format}-flat.vmdk`));
      expect(flat.size).toBe(8 * MIB);
      expect(flat.blocks * 512).toBe(format === 'thin' ? 0 : 8 * MIB);
      expect(await host.system.diskInfo(ds(`vm/${format}.vmdk`))).toMatchObject({
        sizeBytes: 8 * MIB,
        thin: format === 'thin',
        adapterType: 'lsilogic',
        hardwareVersion: 4,
        geometry: { cylinders: 8, heads: 64, sectors: 32 },
      });
    }
    expect(leftovers()).toEqual([]);
  });

  it('refuses names that are taken, sizes that no disk has, and folders that are missing', async () => {
    const disk = { sizeBytes: MIB, format: 'thin', adapterType: 'ide' } as const;
    const make = (path: string, change = {}) =>
      codeOf(jobs().createDisk({ path, ...disk, ...change }, caller()));
    await create('taken', 'thin');
    expect(await make(ds('vm/taken.vmdk'))).toBe('AlreadyExists');
    expect(await make(ds('vm/no-such/x.vmdk'))).toBe('NotFound');
    for (const name of ['x.img', '.vmdk', 'a"b.vmdk', 'a\nb.vmdk'])
      expect(await make(ds(`vm/${name}`))).toBe('InvalidArgument');
    for (const sizeBytes of [0, 511, 2 ** 41])
      expect(await make(ds('vm/x.vmdk'), { sizeBytes })).toBe('InvalidArgument');
    writeFileSync(at('vm', 'half-flat.vmdk'), 'someone else’s');
    expect(await make(ds('vm/half.vmdk'))).toBe('AlreadyExists');
    expect(existsSync(at('vm', 'half.vmdk'))).toBe(false);
  });

  it('copies with a new identity, thin by leaving holes out, thick by taking the space', async () => {
    await create('source', 'zeroedthick');
    const data = Buffer.alloc(300_000, 'payload!');
    const flat = readFileSync(at('vm', 'source-flat.vmdk'));
    data.copy(flat, 3 * MIB + 17);
    writeFileSync(at('vm', 'source-flat.vmdk'), flat);
    const copy = (to: string, format?: 'thin' | 'eagerzeroedthick') =>
      jobs().copyDisk(
        { from: ds('vm/source.vmdk'), to, overwrite: false, ...(format === undefined ? {} : { format }) },
        caller(),
      );
    await copy(ds('vm/thin-copy.vmdk'), 'thin');
    await copy(ds('thick-copy.vmdk', 'second'), 'eagerzeroedthick');
    for (const path of [at('vm', 'thin-copy.vmdk'), host.folder('second', 'thick-copy.vmdk')])
      execFileSync('qemu-img', ['compare', path, at('vm', 'source.vmdk')]);
    expect(statSync(at('vm', 'thin-copy-flat.vmdk')).blocks * 512).toBeLessThan(MIB);
    expect(statSync(host.folder('second', 'thick-copy-flat.vmdk')).blocks * 512).toBe(8 * MIB);
    const [source, thin] = [
      await host.system.diskInfo(ds('vm/source.vmdk')),
      await host.system.diskInfo(ds('vm/thin-copy.vmdk')),
    ];
    expect(thin.geometry).toEqual(source.geometry);
    expect(thin.uuid).not.toBe(source.uuid);
    expect(await codeOf(copy(ds('vm/thin-copy.vmdk')))).toBe('AlreadyExists');
    expect(leftovers()).toEqual([]);
  });

  it('moves with its identity, within a datastore and to another', async () => {
    await create('moving', 'thin');
    const { uuid } = await host.system.diskInfo(ds('vm/moving.vmdk'));
    await jobs().moveDisk(
      { from: ds('vm/moving.vmdk'), to: ds('vm/moved.vmdk'), overwrite: false },
      caller(),
    );
    expect(qemuInfo(at('vm', 'moved.vmdk'))['virtual-size']).toBe(8 * MIB);
    await jobs().moveDisk(
      { from: ds('vm/moved.vmdk'), to: ds('away.vmdk', 'second'), overwrite: false },
      caller(),
    );
    expect(qemuInfo(host.folder('second', 'away.vmdk'))['virtual-size']).toBe(8 * MIB);
    expect((await host.system.diskInfo(ds('away.vmdk', 'second'))).uuid).toBe(uuid);
    expect(readdirSync(at('vm')).filter(name => name.startsWith('mov'))).toEqual([]);
  });

  it('extends, with zeros also where the file was longer than its disk', async () => {
    await create('growing', 'zeroedthick');
    writeFileSync(at('vm', 'growing-flat.vmdk'), Buffer.alloc(9 * MIB, 'x'));
    await jobs().extendDisk({ path: ds('vm/growing.vmdk'), sizeBytes: 16 * MIB }, caller());
    expect(qemuInfo(at('vm', 'growing.vmdk'))['virtual-size']).toBe(16 * MIB);
    const flat = readFileSync(at('vm', 'growing-flat.vmdk'));
    expect(flat.subarray(0, 8 * MIB).every(byte => byte === 120)).toBe(true);
    expect(flat.subarray(8 * MIB).every(byte => byte === 0)).toBe(true);
    expect((await host.system.diskInfo(ds('vm/growing.vmdk'))).geometry?.cylinders).toBe(16);
    const shrink = jobs().extendDisk({ path: ds('vm/growing.vmdk'), sizeBytes: 8 * MIB }, caller());
    expect(await codeOf(shrink)).toBe('InvalidArgument');
  });

  it('inflates a thin disk without touching its data, and fills a disk with zeros', async () => {
    await create('inflating', 'thin');
    const flat = Buffer.alloc(8 * MIB);
    flat.fill('data', 5 * MIB, 5 * MIB + 4096);
    execFileSync(
      'dd',
      [`of=${at('vm', 'inflating-flat.vmdk')}`, 'bs=4096', 'seek=1280', 'conv=notrunc', 'status=none'],
      {
        input: flat.subarray(5 * MIB, 5 * MIB + 4096),
      },
    );
    await jobs().zeroDisk({ path: ds('vm/inflating.vmdk'), mode: 'inflate' }, caller());
    expect(readFileSync(at('vm', 'inflating-flat.vmdk')).equals(flat)).toBe(true);
    expect(statSync(at('vm', 'inflating-flat.vmdk')).blocks * 512).toBe(8 * MIB);
    expect((await host.system.diskInfo(ds('vm/inflating.vmdk'))).thin).toBe(false);
    await jobs().zeroDisk({ path: ds('vm/inflating.vmdk'), mode: 'zeroFill' }, caller());
    expect(readFileSync(at('vm', 'inflating-flat.vmdk')).every(byte => byte === 0)).toBe(true);
  });

  it('keeps its hands off a disk that a VM has open', async () => {
    await create('busy', 'thin');
    await host.open(9, 'storage1', 'vm', ['busy.vmdk']);
    const path = ds('vm/busy.vmdk');
    for (const attempt of [
      () => jobs().deleteDisk({ path }, caller()),
      () => jobs().extendDisk({ path, sizeBytes: 16 * MIB }, caller()),
      () => jobs().zeroDisk({ path, mode: 'zeroFill' }, caller()),
      () => jobs().copyDisk({ from: path, to: ds('vm/other.vmdk'), overwrite: false }, caller()),
      () => jobs().moveDisk({ from: path, to: ds('vm/other.vmdk'), overwrite: false }, caller()),
      () => jobs().copyDisk({ from: ds('vm/taken.vmdk'), to: path, overwrite: true }, caller()),
      () => jobs().copyFile({ from: ds('vm'), to: ds('vm2'), overwrite: false }, caller()),
      () => host.system.files.call('fileRemove', { path, recursive: false }, new Uint8Array(0)),
      () => jobs().beginUpload({ path }, caller()),
      () => host.system.files.call('fileRemove', { path: ds('vm'), recursive: true }, new Uint8Array(0)),
    ])
      expect(await codeOf(attempt())).toBe('FileLocked');
    expect(existsSync(at('vm', 'taken.vmdk'))).toBe(true);
    await host.system.closeDisks(9);
    await jobs().deleteDisk({ path }, caller());
    expect(readdirSync(at('vm')).filter(name => name.startsWith('busy'))).toEqual([]);
    expect(leftovers()).toEqual([]);
  });

  it('ends a job that is cancelled and leaves nothing, and does others meanwhile', async () => {
    const following = caller();
    const path = ds('vm/large.vmdk');
    const large = codeOf(
      jobs().createDisk(
        { path, sizeBytes: 2 ** 33, format: 'eagerzeroedthick', adapterType: 'lsilogic' },
        following,
      ),
    );
    await create('meanwhile', 'thin');
    while (following.seen.length === 0) await new Promise(resolve => setImmediate(resolve));
    following.abort();
    expect(await large).toBe('Cancelled');
    expect(following.seen[0]).toBeGreaterThan(0);
    expect(following.seen[0]).toBeLessThan(1);
    expect(readdirSync(at('vm')).filter(name => name.startsWith('large'))).toEqual([]);
    expect(leftovers()).toEqual([]);
  });

  it('follows no link that a disk or a folder names', async () => {
    writeFileSync(join(host.root, 'secret.bin'), Buffer.alloc(8 * MIB));
    await create('linked', 'thin');
    rmSync(at('vm', 'linked-flat.vmdk'));
    symlinkSync(join(host.root, 'secret.bin'), at('vm', 'linked-flat.vmdk'));
    const copy = { from: ds('vm/linked.vmdk'), to: ds('vm/stolen.vmdk'), overwrite: false };
    expect(await codeOf(jobs().copyDisk(copy, caller()))).toBe('PermissionDenied');
    symlinkSync(host.root, at('out'));
    for (const to of [ds('out/x.vmdk'), ds('../x.vmdk')])
      expect(
        await codeOf(jobs().copyDisk({ from: ds('vm/taken.vmdk'), to, overwrite: true }, caller())),
      ).toBe('PermissionDenied');
    mkdirSync(at('tree'));
    symlinkSync('/etc/passwd', at('tree', 'passwd'));
    writeFileSync(at('tree', 'plain'), 'plain');
    await jobs().copyFile({ from: ds('tree'), to: ds('tree2'), overwrite: false }, caller());
    expect(readdirSync(at('tree2'))).toEqual(['plain']);
    const link = { from: ds('tree/passwd'), to: ds('passwd'), overwrite: false };
    expect(await codeOf(jobs().copyFile(link, caller()))).toBe('PermissionDenied');
    const away = { ...link, to: ds('passwd', 'second') };
    expect(await codeOf(jobs().moveFile(away, caller()))).toBe('PermissionDenied');
    expect(readdirSync(at('tree'))).toEqual(['passwd', 'plain']);
    rmSync(at('out'));
    rmSync(at('vm', 'linked-flat.vmdk'));
  });

  it('takes no other file for a disk, whatever a descriptor says', async () => {
    await create('lying', 'thin');
    writeFileSync(at('vm', 'vm.vmx'), Buffer.alloc(8 * MIB, 'x'));
    const text = readFileSync(at('vm', 'lying.vmdk'), 'utf8');
    writeFileSync(at('vm', 'lying.vmdk'), text.replace('lying-flat.vmdk', 'vm.vmx'));
    const path = ds('vm/lying.vmdk');
    expect(await codeOf(jobs().zeroDisk({ path, mode: 'zeroFill' }, caller()))).toBe('PermissionDenied');
    expect(await codeOf(jobs().deleteDisk({ path }, caller()))).toBe('InvalidArgument');
    expect(await codeOf(host.open(9, 'storage1', 'vm', ['lying.vmdk']))).toBe('PermissionDenied');
    expect(readFileSync(at('vm', 'vm.vmx')).every(byte => byte === 120)).toBe(true);
    rmSync(at('vm', 'lying.vmdk'));
  });

  it('makes an upload appear at its commit, and nothing of one whose connection ends', async () => {
    const path = ds('upload.iso');
    const sender = caller();
    const { upload } = await jobs().beginUpload({ path, sizeBytes: 6 }, sender);
    await jobs().writeUpload({ upload }, Buffer.from('abc'));
    expect(existsSync(at('upload.iso'))).toBe(false);
    await jobs().writeUpload({ upload }, Buffer.from('def'));
    await jobs().commitUpload({ upload });
    expect(readFileSync(at('upload.iso'), 'utf8')).toBe('abcdef');
    const { upload: lost } = await jobs().beginUpload({ path }, sender);
    await jobs().writeUpload({ upload: lost }, Buffer.from('half'));
    sender.close();
    expect(await codeOf(jobs().writeUpload({ upload: lost }, Buffer.from('x')))).toBe('NotFound');
    await create('after', 'thin');
    expect(readFileSync(at('upload.iso'), 'utf8')).toBe('abcdef');
    expect(leftovers(at())).toEqual([]);
  });

  it('neither replaces nor moves a .vmx that was locked meanwhile, and leaves no lock of its own', async () => {
    const path = ds('vm/held.vmx');
    const other = ds('vm/other.vmx');
    writeFileSync(at('vm', 'held.vmx'), 'in use');
    writeFileSync(at('vm', 'other.vmx'), 'other');
    const { upload } = await jobs().beginUpload({ path }, caller());
    const lock = await host.system.lockVmx(path);
    expect(await codeOf(jobs().commitUpload({ upload }))).toBe('FileLocked');
    const onto = { from: other, to: path, overwrite: true };
    const away = { from: path, to: ds('held.vmx', 'second'), overwrite: false };
    expect(await codeOf(jobs().copyFile(onto, caller()))).toBe('FileLocked');
    expect(await codeOf(jobs().moveFile(onto, caller()))).toBe('FileLocked');
    expect(await codeOf(jobs().moveFile(away, caller()))).toBe('FileLocked');
    expect(await codeOf(jobs().moveFile({ ...away, to: ds('moved.vmx') }, caller()))).toBe('FileLocked');
    expect(readFileSync(at('vm', 'held.vmx'), 'utf8')).toBe('in use');
    await lock.release();
    expect(await codeOf(jobs().moveFile(onto, caller()))).toBe('done');
    expect(readFileSync(at('vm', 'held.vmx'), 'utf8')).toBe('other');
    expect(readdirSync(at('vm')).filter(name => name.endsWith('.lck'))).toEqual([]);
    rmSync(at('vm', 'held.vmx'));
    expect(leftovers(at())).toEqual([]);
  });
});
