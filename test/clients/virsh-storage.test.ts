import { chmodSync, existsSync, mkdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TREE } from '../harness/host.js';
import { runProgram, TestHost } from '../harness/index.js';

const MIB = 1 << 20;
let host: TestHost;
let port: number;

beforeAll(async () => {
  host = await TestHost.up();
  port = (await host.status()).ports.https;
  const text = `[credentials-esx]\nusername=root\npassword=${host.password}\n[auth-esx-127.0.0.1]\ncredentials=esx\n`;
  writeFileSync(join(host.root, 'auth.conf'), text);
  chmodSync(join(host.root, 'auth.conf'), 0o600);
  mkdirSync(store('images'));
  writeFileSync(store('images/tools.iso'), Buffer.alloc(5000, 'iso'));
}, 300_000);
afterAll(() => host.stop());

const store = (...rest: string[]): string => join(host.root, 'datastores/storage1', ...rest);

/** Debian's virsh with libvirt's own ESX driver. */
async function virsh(...args: string[]): Promise<{ status: number; said: string }> {
  const uri = `esx://root@127.0.0.1:${port}/?no_verify=1`;
  const env = { PATH: '/usr/bin:/bin', HOME: host.root, LIBVIRT_AUTH_FILE: join(host.root, 'auth.conf') };
  const { status, stdout, stderr } = await runProgram('/usr/bin/virsh', ['-q', '-c', uri, ...args], { env });
  return { status, said: `${stdout.toString()}${stderr}` };
}

async function ok(...args: string[]): Promise<string> {
  const { status, said } = await virsh(...args);
  expect(status, said).toBe(0);
  return said;
}

async function qemuInfo(path: string): Promise<{ 'virtual-size': number; format: string }> {
  const { stdout } = await runProgram('qemu-img', ['info', '--output=json', path]);
  return JSON.parse(stdout.toString());
}

function volume(name: string, capacityBytes: number, allocationBytes: number): string {
  const path = join(host.root, 'volume.xml');
  const sizes = `<capacity>${capacityBytes}</capacity><allocation>${allocationBytes}</allocation>`;
  writeFileSync(path, `<volume><name>${name}</name>${sizes}<target><format type='vmdk'/></target></volume>`);
  return path;
}

describe('unmodified virsh', () => {
  it('shows the pool as the datastore that it is', async () => {
    expect(await ok('pool-list', '--all')).toMatch(/storage1\s+active/);
    const xml = await ok('pool-dumpxml', 'storage1');
    const { blocks, bsize } = statfsSync(store());
    expect(xml).toContain(`<capacity unit='bytes'>${blocks * bsize}</capacity>`);
    const [mount] = JSON.parse(readFileSync(join(host.root, 'run/vmkernel/datastores.json'), 'utf8'));
    expect(xml).toContain(`<path>/vmfs/volumes/${mount.volume}</path>`);
    await ok('pool-refresh', 'storage1');
  });

  it('lists volumes of every kind with what they take on disk', async () => {
    expect(await ok('vol-list', 'storage1')).toContain('[storage1] images/tools.iso');
    writeFileSync(store('images/bad.vmdk'), 'garbage');
    writeFileSync(store('images/empty.vmdk'), '');
    const listed = await ok('vol-list', 'storage1');
    for (const name of ['images/bad.vmdk', 'images/empty.vmdk', 'images/tools.iso'])
      expect(listed).toContain(`[storage1] ${name}`);
    expect(listed).not.toContain('error');
    const xml = await ok('vol-dumpxml', '--pool', 'storage1', 'images/tools.iso');
    expect(xml).toContain("<capacity unit='bytes'>5000</capacity>");
    expect(xml).toContain("<format type='iso'/>");
  });

  it('creates thin and preallocated disks, which qemu-img reads, and their folder', async () => {
    await ok('vol-create', 'storage1', volume('thin/a.vmdk', 64 * MIB, 0));
    await ok('vol-create', 'storage1', volume('thick/b.vmdk', 16 * MIB, 16 * MIB));
    expect(await qemuInfo(store('thin/a.vmdk'))).toMatchObject({ format: 'vmdk', 'virtual-size': 64 * MIB });
    expect(await qemuInfo(store('thick/b.vmdk'))).toMatchObject({ format: 'vmdk', 'virtual-size': 16 * MIB });
    expect(statSync(store('thin/a-flat.vmdk')).blocks).toBe(0);
    expect(statSync(store('thick/b-flat.vmdk')).blocks * 512).toBe(16 * MIB);
    const info = await ok('vol-info', '--pool', 'storage1', '--bytes', 'thick/b.vmdk');
    expect(info).toMatch(/Capacity:\s+16777216 bytes/);
    const allocation = Number(/Allocation:\s+(\d+) bytes/.exec(info)?.[1]);
    expect(allocation).toBe(16 * MIB + statSync(store('thick/b.vmdk')).size);
    const taken = await virsh('vol-create', 'storage1', volume('thin/a.vmdk', MIB, 0));
    expect(taken.status).not.toBe(0);
    expect((await qemuInfo(store('thin/a.vmdk')))['virtual-size']).toBe(64 * MIB);
  });

  it('knows a disk by the identity in its descriptor', async () => {
    const key = (await ok('vol-key', '--pool', 'storage1', 'thin/a.vmdk')).trim();
    const uuid = /ddb\.uuid = "([^"]+)"/.exec(readFileSync(store('thin/a.vmdk'), 'utf8'))?.[1] ?? '';
    expect(key.replaceAll('-', '')).toBe(uuid.replace(/[ -]/g, '').toLowerCase());
    expect((await ok('vol-name', key)).trim()).toBe('thin/a.vmdk');
  });

  it('clones a disk bit by bit and wipes it', async () => {
    const data = Buffer.alloc(16 * MIB);
    data.write('first sectors', 0);
    data.fill('rest', 9 * MIB, 9 * MIB + 70_000);
    writeFileSync(store('thick/b-flat.vmdk'), data);
    await ok('vol-clone', '--pool', 'storage1', 'thick/b.vmdk', 'thick/clone.vmdk');
    expect(readFileSync(store('thick/clone-flat.vmdk')).equals(data)).toBe(true);
    const compared = await runProgram('qemu-img', [
      'compare',
      store('thick/b.vmdk'),
      store('thick/clone.vmdk'),
    ]);
    expect(compared.status).toBe(0);
    await ok('vol-wipe', '--pool', 'storage1', 'thick/clone.vmdk');
    expect(readFileSync(store('thick/clone-flat.vmdk')).every(byte => byte === 0)).toBe(true);
    expect(readFileSync(store('thick/b-flat.vmdk')).equals(data)).toBe(true);
  });

  it('deletes disks, and only those', async () => {
    await ok('vol-delete', '--pool', 'storage1', 'thick/clone.vmdk');
    expect(existsSync(store('thick/clone.vmdk')) || existsSync(store('thick/clone-flat.vmdk'))).toBe(false);
    expect(existsSync(store('thick/b-flat.vmdk'))).toBe(true);
    const list = await ok('vol-list', 'storage1');
    expect(list).toContain('thick/b.vmdk');
    expect(list).not.toContain('clone');
    expect(list).not.toContain('-flat');
  });

  it('is told why, by name, when a volume is not there', async () => {
    const { status, said } = await virsh('vol-info', '[storage1] no/such.vmdk');
    expect(status).not.toBe(0);
    expect(said).toMatch(/no.such\.vmdk|not found/i);
  });
});

it('unmodified pyVmomi searches datastores, manages files and disks, cancels, and finds the files so', async () => {
  const script = join(TREE, 'test/clients/pyvmomi/drive_files.py');
  const where = ['--port', String(port), '--password-file', join(host.root, 'password'), '--store', store()];
  const { status, stdout, stderr } = await runProgram('/usr/bin/python3', [script, ...where]);
  expect(status, `${stdout.toString()}${stderr}`).toBe(0);
  expect(stdout.toString()).not.toContain('FAIL');
  expect(stdout.toString()).toContain('ok   DeleteFile');
}, 120_000);
