import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileCallName } from './file-calls.js';
import { StorageHost } from './testing/storage-host.js';

const NOTHING = new Uint8Array(0);

describe('file calls', { timeout: 30_000 }, () => {
  let host: StorageHost;
  beforeAll(async () => {
    host = new StorageHost({}, ['second']);
    await host.system.start();
  });
  afterAll(async () => {
    expect(await host.system.stop()).toBe(true);
    host.remove();
  });

  const call = (name: FileCallName, args: object, body: Uint8Array = NOTHING) =>
    host.system.files.call(name, args, body);
  const write = (path: string, text: string, options = {}) =>
    call('fileWrite', { path, offsetBytes: 0, create: true, truncate: true, ...options }, Buffer.from(text));
  const read = async (path: string, offsetBytes = 0, lengthBytes = 1 << 20): Promise<string> =>
    Buffer.from((await call('fileRead', { path, offsetBytes, lengthBytes })).body ?? []).toString();
  const codeOf = async (attempt: Promise<unknown>): Promise<string> =>
    attempt.then(
      () => 'done',
      (error: { code: string }) => error.code,
    );

  it('knows a datastore by label and by volume id, and says where the console finds it', async () => {
    const [first] = await host.system.listDatastores();
    const { volume = '', path = '' } = first ?? {};
    expect(first).toMatchObject({ label: 'second', type: 'NAS', accessible: true });
    expect(volume).toMatch(/^[0-9a-f]{8}-[0-9a-f]{8}$/);
    expect(path).toBe(`/vmfs/volumes/${volume}`);
    expect(first?.capacityBytes).toBeGreaterThan(first?.freeBytes ?? 0);
    await write('/vmfs/volumes/second/hello', 'by label');
    expect(await read(`${path}/hello`)).toBe('by label');
    const mounts = JSON.parse(readFileSync(join(host.root, 'run/vmkernel/datastores.json'), 'utf8'));
    expect(mounts).toContainEqual({ volume, label: 'second', path: host.folder('second') });
    expect(host.system.resolve('/vmfs/volumes/second//a/./b')).toMatchObject({
      canonical: `${path}/a/b`,
      relative: 'a/b',
    });
  });

  it('keeps volume ids over boots', async () => {
    const again = new StorageHost();
    await again.system.start();
    const [before] = await again.system.listDatastores();
    await again.system.stop();
    await again.system.start();
    const [after] = await again.system.listDatastores();
    await again.system.stop();
    again.remove();
    expect(after?.volume).toBe(before?.volume);
  });

  it('reads and writes pieces, appends, replaces', async () => {
    const path = '/vmfs/volumes/storage1/f';
    await write(path, '0123456789');
    await write(path, 'xy', { offsetBytes: 4, create: false, truncate: false });
    expect(await read(path)).toBe('0123xy6789');
    expect(await read(path, 8, 100)).toBe('89');
    expect(await read(path, 100, 100)).toBe('');
    await call('fileAppend', { path }, Buffer.from('end'));
    expect(await read(path)).toBe('0123xy6789end');
    await call('fileWriteAtomic', { path }, Buffer.from('new'));
    expect(await read(path)).toBe('new');
    expect((await call('fileStat', { path })).result).toMatchObject({ type: 'file', sizeBytes: 3 });
    expect(readdirSync(host.folder('storage1')).filter(name => name.includes('.tmp'))).toEqual([]);
  });

  it('replaces many files at once, each in the order of its replacements, and moves them only then', async () => {
    const at = (rest: string): string => `/vmfs/volumes/storage1/${rest}`;
    await call('fileMkdir', { path: at('many'), recursive: false });
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    const replaced = numbers.map(async i => {
      const path = at(`many/${i % 8}`);
      const { result } = await call('fileWriteAtomic', { path }, Buffer.from(`round ${i}`));
      return (result as { sizeBytes: number }).sizeBytes;
    });
    const moved = call('fileRename', { from: at('many'), to: at('done') });
    expect(await Promise.all(replaced)).toEqual(numbers.map(i => `round ${i}`.length));
    await moved;
    for (let i = 0; i < 8; i++) expect(await read(at(`done/${i}`))).toBe(`round ${32 + i}`);
  });

  it('makes, lists, renames and removes', async () => {
    const at = (rest: string): string => `/vmfs/volumes/storage1/${rest}`;
    await call('fileMkdir', { path: at('d/e/f'), recursive: true });
    await call('fileMkdir', { path: at('d/e/f'), recursive: true });
    expect(await codeOf(call('fileMkdir', { path: at('d'), recursive: false }))).toBe('AlreadyExists');
    expect(await codeOf(call('fileMkdir', { path: at('no/such'), recursive: false }))).toBe('NotFound');
    await write(at('d/e/file'), 'x');
    await call('fileRename', { from: at('d/e/file'), to: at('d/moved') });
    const { entries } = (await call('fileList', { path: at('d') })).result as {
      entries: { name: string; type: string }[];
    };
    expect(entries.map(entry => [entry.name, entry.type]).sort()).toEqual([
      ['e', 'directory'],
      ['moved', 'file'],
    ]);
    expect(await codeOf(call('fileRemove', { path: at('d'), recursive: false }))).toBe('NotEmpty');
    await call('fileRemove', { path: at('d'), recursive: true });
    expect(existsSync(host.folder('storage1', 'd'))).toBe(false);
  });

  it('names the cause of what fails', async () => {
    const path = '/vmfs/volumes/storage1/none';
    expect(await codeOf(read(path))).toBe('NotFound');
    expect(await codeOf(call('fileStat', { path: `${path}/x` }))).toBe('NotFound');
    await write('/vmfs/volumes/storage1/plain', '');
    expect(await codeOf(read('/vmfs/volumes/storage1/plain/x'))).toBe('NotADirectory');
    expect(await codeOf(read('/vmfs/volumes/nowhere/x'))).toBe('NotFound');
    expect(await codeOf(write('/vmfs/volumes/storage1', 'x'))).not.toBe('done');
    expect(await codeOf(call('fileRemove', { path: '/vmfs/volumes/storage1', recursive: true }))).toBe(
      'PermissionDenied',
    );
    expect(
      await codeOf(
        call('fileRename', { from: '/vmfs/volumes/storage1/plain', to: '/vmfs/volumes/second/p' }),
      ),
    ).toBe('NotSupported');
  });

  it('lets nothing out of the datastore', async () => {
    writeFileSync(join(host.root, 'secret'), 'secret');
    symlinkSync(host.root, host.folder('storage1', 'link'));
    symlinkSync(join(host.root, 'secret'), host.folder('storage1', 'file-link'));
    mkdirSync(host.folder('storage1', 'tree'));
    symlinkSync(host.root, host.folder('storage1', 'tree', 'out'));
    const at = (rest: string): string => `/vmfs/volumes/storage1/${rest}`;
    for (const path of ['../secret', 'x/../../secret', 'link/secret', 'file-link'])
      for (const attempt of [
        read(at(path)),
        write(at(path), 'spoilt'),
        call('fileAppend', { path: at(path) }, Buffer.from('x')),
      ])
        expect(await codeOf(attempt)).toBe('PermissionDenied');
    expect(await codeOf(call('fileList', { path: at('link') }))).not.toBe('done');
    expect(await codeOf(call('fileMkdir', { path: at('link/made'), recursive: true }))).not.toBe('done');
    await call('fileRemove', { path: at('tree'), recursive: true }); // removes the link, follows it nowhere
    expect(readFileSync(join(host.root, 'secret'), 'utf8')).toBe('secret');
    expect(existsSync(host.folder('storage1', 'tree'))).toBe(false);
    expect(existsSync(join(host.root, 'made'))).toBe(false);
    expect(statSync(host.folder('storage1')).isDirectory()).toBe(true);
  });

  it('removes a folder also when a name in it is no UTF-8', async () => {
    mkdirSync(host.folder('storage1', 'odd'));
    writeFileSync(
      Buffer.concat([Buffer.from(`${host.folder('storage1', 'odd')}/`), Buffer.from([0xff, 0xfe])]),
      '',
    );
    const path = '/vmfs/volumes/storage1/odd';
    expect((await call('fileList', { path })).result).toEqual({ entries: [] });
    await call('fileRemove', { path, recursive: true });
    expect(existsSync(host.folder('storage1', 'odd'))).toBe(false);
  });

  it('is not held by a FIFO', async () => {
    execFileSync('mkfifo', [host.folder('storage1', 'fifo')]);
    expect(await codeOf(read('/vmfs/volumes/storage1/fifo'))).toBe('InvalidArgument');
    expect(await codeOf(write('/vmfs/volumes/storage1/fifo', 'x'))).toBe('IoError'); // ENXIO: nobody reads it
  });

  it('checks arguments, which come from any process', async () => {
    const bad: [FileCallName, unknown][] = [
      ['fileStat', null],
      ['fileStat', {}],
      ['fileStat', { path: 7 }],
      ['fileStat', { path: '/etc/passwd' }],
      ['fileStat', { path: 'vmfs/volumes/storage1/x' }],
      ['fileStat', { path: '/vmfs/volumes/storage1/a\0b' }],
      ['fileStat', { path: `/vmfs/volumes/storage1/${'x'.repeat(300)}` }],
      ['fileRead', { path: '/vmfs/volumes/storage1/f', offsetBytes: -1, lengthBytes: 1 }],
      ['fileRead', { path: '/vmfs/volumes/storage1/f', offsetBytes: 0, lengthBytes: 1.5 }],
      ['fileMkdir', { path: '/vmfs/volumes/storage1/f' }],
    ];
    for (const [name, args] of bad)
      expect(await codeOf(host.system.files.call(name, args, NOTHING))).toBe('InvalidArgument');
  });

  it('protects a locked .vmx and its lock from a second holder, and leaves nothing behind', async () => {
    const path = '/vmfs/volumes/storage1/vm.vmx';
    await write(path, 'config');
    const lock = await host.system.lockVmx(path);
    expect(await codeOf(host.system.lockVmx(path))).toBe('FileLocked');
    await host.system.replaceLockedVmx(path, Buffer.from('changed meanwhile'));
    expect(await codeOf(host.system.lockVmx(path))).toBe('FileLocked');
    await lock.release();
    await lock.release();
    expect(existsSync(host.folder('storage1', 'vm.vmx.lck'))).toBe(false);
    writeFileSync(host.folder('storage1', 'vm.vmx.lck'), 'left by a host that died');
    await (await host.system.lockVmx(path)).release();
    expect(existsSync(host.folder('storage1', 'vm.vmx.lck'))).toBe(false);
    expect(await codeOf(host.system.lockVmx('/vmfs/volumes/storage1/missing.vmx'))).toBe('NotFound');
  });

  it('lets nobody but its holder write, move or remove a locked .vmx, be it this host or another', async () => {
    const path = '/vmfs/volumes/storage1/held.vmx';
    await write(path, 'old');
    const lock = await host.system.lockVmx(path);
    const attempts = [
      () => write(path, 'new'),
      () => call('fileWriteAtomic', { path }, Buffer.from('new')),
      () => call('fileAppend', { path }, Buffer.from('new')),
      () => call('fileRename', { from: path, to: `${path}.bak` }),
      () => call('fileRemove', { path, recursive: false }),
    ];
    for (const attempt of attempts) expect(await codeOf(attempt())).toBe('FileLocked');
    expect(await read(path)).toBe('old');
    await host.system.replaceLockedVmx(path, Buffer.from('by its holder'));
    expect(await read(path)).toBe('by its holder');
    await lock.release();
    expect(await codeOf(write(path, 'new'))).toBe('done');
  });

  it('writes a .vmx beside a lock file that a dead host left', async () => {
    const path = '/vmfs/volumes/storage1/left.vmx';
    await write(`${path}.lck`, 'of a dead host');
    expect(await codeOf(write(path, 'new'))).toBe('done');
  });
});
