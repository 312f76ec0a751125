import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pssBytes, runProgram, TestHost, until } from '../harness/index.js';

const MIB = 1 << 20;
const content = randomBytes(3_000_000);
let host: TestHost;
let port: number;
let small = '';

beforeAll(async () => {
  host = new TestHost();
  small = mkdtempSync(join(tmpdir(), 'small-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', small]);
  mkdirSync(join(host.root, 'datastores'));
  symlinkSync(small, join(host.root, 'datastores/small'));
  await host.up();
  port = (await host.status()).ports.https;
  mkdirSync(store('dir'));
  writeFileSync(store('dir/file.bin'), content);
}, 300_000);
afterAll(async () => {
  await host.stop();
  execFileSync('umount', [small]);
  rmSync(small, { recursive: true });
});

const store = (...rest: string[]): string => join(host.root, 'datastores/storage1', ...rest);
const url = (path: string, datastore = 'storage1'): string =>
  `https://127.0.0.1:${port}/folder/${path}?dcPath=ha-datacenter&dsName=${datastore}`;

/** Unmodified curl. */
async function curl(...args: string[]): Promise<{ status: number; body: Buffer }> {
  const common = ['-sk', '--path-as-is', '-u', `root:${host.password}`, '-w', '\n%{http_code}'];
  const { stdout } = await runProgram('curl', [...common, ...args]);
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.subarray(end + 1).toString()), body: stdout.subarray(0, end) };
}

function source(bytes: Buffer): string {
  const path = join(host.root, 'source');
  writeFileSync(path, bytes);
  return path;
}

/** Names of files under way, and entries of the journal. */
function leftovers(folder = store()): string[] {
  const jobs = join(host.root, 'datastores/.jobs');
  return [
    ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.tmp')),
    ...(existsSync(jobs) ? readdirSync(jobs) : []),
  ];
}

describe('datastore files over HTTPS, by curl', () => {
  it.each([
    ['0-0', [0, 1]],
    ['5-99', [5, 100]],
    ['-100', [-100, undefined]],
    ['2999990-', [2_999_990, undefined]],
    ['2999990-9999999', [2_999_990, undefined]],
    ['1000000-2500000', [1_000_000, 2_500_001]],
  ] as const)('gives the bytes of range %s', async (range, [start, end]) => {
    const { status, body } = await curl('-r', range, url('dir/file.bin'));
    expect([status, body.equals(content.subarray(start, end))]).toEqual([206, true]);
  });

  it('refuses a range behind the end, and gives the whole where If-Range is of another file', async () => {
    expect((await curl('-r', '5000000-', url('dir/file.bin'))).status).toBe(416);
    const head = (await curl('-I', url('dir/file.bin'))).body.toString();
    const etag = /^ETag: (.*)\r$/m.exec(head)?.[1] ?? '';
    expect(head).toMatch(/^Content-Length: 3000000\r$/m);
    const same = await curl('-r', '0-9', '-H', `If-Range: ${etag}`, url('dir/file.bin'));
    expect([same.status, same.body.length]).toEqual([206, 10]);
    const other = await curl('-r', '0-9', '-H', 'If-Range: "other"', url('dir/file.bin'));
    expect([other.status, other.body.length]).toEqual([200, content.length]);
  });

  it('takes a file whole, chunked or sized, and says whether it is new', async () => {
    const path = source(content);
    expect((await curl('-T', path, url('dir/up.bin'))).status).toBe(201);
    expect(readFileSync(store('dir/up.bin')).equals(content)).toBe(true);
    writeFileSync(store('dir/up.bin'), 'old');
    expect((await curl('-T', path, '-H', 'Transfer-Encoding: chunked', url('dir/up.bin'))).status).toBe(200);
    expect(readFileSync(store('dir/up.bin')).equals(content)).toBe(true);
    expect((await curl('-T', path, url('missing/up.bin'))).status).toBe(404);
    expect((await curl('-T', path, url('dir'))).status).toBe(409);
    expect(leftovers()).toEqual([]);
  });

  it('shows folders as pages whose links lead on', async () => {
    writeFileSync(store('dir/a & <b>?#%.txt'), 'odd');
    const page = (await curl(url('dir/'))).body.toString();
    const link = [...page.matchAll(/href="([^"]+)">a &amp; &lt;b&gt;\?#%\.txt</g)][0]?.[1] ?? '';
    const { body } = await curl(`https://127.0.0.1:${port}${link.replaceAll('&amp;', '&')}`);
    expect(body.toString()).toBe('odd');
    expect((await curl(url(''))).body.toString()).toContain('>dir/</a>');
  });

  it.each([
    ['../../password', 400],
    ['%2e%2e/%2e%2e/password', 400],
    ['..%2f..%2fpassword', 400],
    ['dir/a%00b', 400],
    ['%ff%fe', 400],
    ['x'.repeat(300), 400],
    ['out/password', 403],
    ['link', 404],
  ])('lets nobody out of the datastore by %s', async (path, status) => {
    rmSync(store('out'), { force: true });
    rmSync(store('link'), { force: true });
    symlinkSync(host.root, store('out'));
    symlinkSync(join(host.root, 'password'), store('link'));
    const before = readFileSync(join(host.root, 'password'));
    expect((await curl(url(path))).status).toBe(status);
    await curl('-T', source(Buffer.from('spoilt')), url(path));
    await curl('-X', 'DELETE', url(path));
    expect(readFileSync(join(host.root, 'password')).equals(before)).toBe(true);
    for (const name of ['out', 'link']) rmSync(store(name), { force: true });
  });

  it('answers a full datastore with 507 and leaves nothing there', async () => {
    const large = join(host.root, 'large');
    writeFileSync(large, '');
    truncateSync(large, 40 * MIB);
    const free = statfsSync(small).bfree;
    expect((await curl('-T', large, url('large.bin', 'small'))).status).toBe(507);
    expect(
      (await curl('-T', large, '-H', 'Transfer-Encoding: chunked', url('large.bin', 'small'))).status,
    ).toBe(507);
    expect(readdirSync(small)).toEqual([]);
    expect(statfsSync(small).bfree).toBe(free);
    const kernel = await host.kernel();
    const disk = { sizeBytes: 40 * MIB, adapterType: 'lsilogic' } as const;
    for (const format of ['zeroedthick', 'eagerzeroedthick'] as const)
      await expect(
        kernel.call('diskCreate', { path: '/vmfs/volumes/small/d.vmdk', format, ...disk }),
      ).rejects.toMatchObject({ code: 'NoSpace' });
    expect(readdirSync(small)).toEqual([]);
    expect(leftovers()).toEqual([]);
  });

  it('leaves nothing of an upload that breaks off or falls short', async () => {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
    const basic = Buffer.from(`root:${host.password}`).toString('base64');
    const path = '/folder/short.bin?dcPath=ha-datacenter&dsName=storage1';
    socket.on('error', () => undefined);
    socket.write(
      `PUT ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${basic}\r\nContent-Length: 5000000\r\n\r\n`,
    );
    socket.write(Buffer.alloc(2 * MIB));
    await until('the upload to begin', () => leftovers().length > 0);
    socket.destroy();
    await until('the upload to be taken back', () => leftovers().length === 0);
    expect(existsSync(store('short.bin'))).toBe(false);
  });

  it('takes a large file without growing', async () => {
    const large = join(host.root, 'large');
    truncateSync(large, 200 * MIB);
    const hostd = await host.pid('hostd');
    const before = pssBytes(hostd);
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, pssBytes(hostd));
    }, 50);
    expect((await curl('-T', large, url('large.bin'))).status).toBe(201);
    clearInterval(watch);
    expect(most - before).toBeLessThan(64 * MIB);
    expect((await curl('-o', '/dev/null', url('large.bin'))).status).toBe(200);
    expect((await curl('-X', 'DELETE', url('large.bin'))).status).toBe(204);
    expect(existsSync(store('large.bin'))).toBe(false);
  });

  it('has nothing written that a running machine uses', async () => {
    const vmxPath = await host.addGuest('linux');
    const kernel = await host.kernel();
    const { vm } = await host.powerOn(kernel, vmxPath);
    expect(vm.worldId).toBeGreaterThan(0);
    const before = readFileSync(store('linux/linux.vmx'));
    const flat = readdirSync(store('linux')).find(name => name.endsWith('-flat.vmdk')) ?? '';
    for (const name of ['linux.vmx', flat, flat.replace('-flat', '')]) {
      expect((await curl('-T', source(Buffer.from('spoilt')), url(`linux/${name}`))).status).toBe(423);
      expect((await curl('-X', 'DELETE', url(`linux/${name}`))).status).toBe(423);
    }
    expect(readFileSync(store('linux/linux.vmx')).equals(before)).toBe(true);
    expect((await curl(url('linux/linux.vmx'))).status).toBe(200);
    await kernel.call('powerOff', { vmxPath });
  });
});

describe('after a kill', () => {
  it('of hostd in the middle of an upload, nothing of it is left', async () => {
    const large = join(host.root, 'large');
    truncateSync(large, 400 * MIB);
    const args = ['-sk', '-u', `root:${host.password}`, '--limit-rate', '5M', '-T', large, url('killed.bin')];
    const sending = spawn('curl', args, { stdio: 'ignore' });
    await until('the upload to begin', () => leftovers().length > 0);
    process.kill(await host.pid('hostd'), 'SIGKILL');
    await until('the upload to be taken back', () => leftovers().length === 0);
    sending.kill();
    await host.settled();
    expect(existsSync(store('killed.bin'))).toBe(false);
  });

  it('of the VMkernel in the middle of a copy, nothing of it is left when the host is up again', async () => {
    const kernel = await host.kernel();
    const path = '/vmfs/volumes/storage1/source.vmdk';
    await kernel.call('diskCreate', { path, sizeBytes: 4 * MIB, format: 'thin', adapterType: 'ide' });
    const digest = createHash('md5')
      .update(readFileSync(store('source-flat.vmdk')))
      .digest('hex');
    const to = '/vmfs/volumes/storage1/half.vmdk';
    const making = kernel
      .call('diskCreate', {
        path: to,
        sizeBytes: 8 * 1024 * MIB,
        format: 'eagerzeroedthick',
        adapterType: 'ide',
      })
      .catch((error: { code: string }) => error.code);
    await until('the disk to grow', () => leftovers().some(name => name.endsWith('.tmp')));
    process.kill(await host.pid('vmkernel'), 'SIGKILL');
    expect(await making).toBe('ConnectionLost');
    expect(leftovers().length).toBeGreaterThan(0);
    await host.esx(['down']);
    await host.up();
    await until('the journal to be worked off', () => leftovers().length === 0);
    expect(readdirSync(store()).filter(name => name.startsWith('half'))).toEqual([]);
    expect(
      createHash('md5')
        .update(readFileSync(store('source-flat.vmdk')))
        .digest('hex'),
    ).toBe(digest);
  });
});
