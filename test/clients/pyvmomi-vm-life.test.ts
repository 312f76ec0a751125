import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TREE } from '../harness/host.js';
import { runProgram, TestHost } from '../harness/index.js';

let host: TestHost;
let port: number;

beforeAll(async () => {
  host = await TestHost.up();
  port = (await host.status()).ports.https;
  mkdirSync(join(host.root, 'datastores/storage1/iso'));
  writeFileSync(join(host.root, 'datastores/storage1/iso/boot.iso'), Buffer.alloc(64 * 2048));
}, 300_000);
afterAll(() => host.stop());

/** Debian's interpreter, which has Debian's python3-pyvmomi. */
async function step(name: string): Promise<void> {
  const script = join(TREE, 'test/clients/pyvmomi/vm_life.py');
  const where = ['--port', String(port), '--password-file', join(host.root, 'password')];
  const { status, stdout, stderr } = await runProgram('/usr/bin/python3', [script, ...where, '--step', name]);
  expect(status, `${stdout.toString()}${stderr}`).toBe(0);
}

const folder = () => join(host.root, 'datastores/storage1/life');
const vmx = () => readFileSync(join(folder(), 'life.vmx'), 'utf8').split('\n');

/** Bytes of guest memory that a vmware-vmx has mapped. */
async function guestMemoryBytes(name: string): Promise<number> {
  const { pid } = await host.vm(name);
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  const sizes = maps.flatMap(line => {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) .*\/memfd:/.exec(line) ?? [];
    return from === undefined || to === undefined ? [] : [Number(BigInt(`0x${to}`) - BigInt(`0x${from}`))];
  });
  return Math.max(0, ...sizes);
}

describe('a machine made by unmodified pyVmomi', () => {
  it('is made of the files that its description names', async () => {
    await step('create');
    expect(readdirSync(folder()).sort()).toEqual([
      'life-flat.vmdk',
      'life.vmdk',
      'life.vmx',
      'life_1-flat.vmdk',
      'life_1.vmdk',
    ]);
    expect(statSync(join(folder(), 'life-flat.vmdk')).size).toBe(10 * 2 ** 20);
    // Thin takes no blocks; the other has all of its own.
    expect(statSync(join(folder(), 'life-flat.vmdk')).blocks).toBe(0);
    expect(statSync(join(folder(), 'life_1-flat.vmdk')).blocks).toBeGreaterThanOrEqual(2 * 2048);
    expect(readFileSync(join(folder(), 'life.vmdk'), 'utf8')).toContain('RW 20480 VMFS "life-flat.vmdk"');
    expect(vmx()).toEqual(
      expect.arrayContaining([
        'memsize = "64"',
        'ide1:0.deviceType = "cdrom-image"',
        'serial0.fileName = "com1"',
      ]),
    );
  }, 60_000);

  it('runs with its memory, and changes of it only what can change', async () => {
    await step('powered-on');
    expect(await guestMemoryBytes('life')).toBe(64 * 2 ** 20);
    expect(vmx()).toContain('annotation = "changed while it ran"');
  }, 60_000);

  it('is reconfigured, renamed, unregistered and registered again with the same files', async () => {
    await step('reconfigure');
    expect(statSync(join(folder(), 'life-flat.vmdk')).size).toBe(20 * 2 ** 20);
    expect(existsSync(join(folder(), 'life_1.vmdk'))).toBe(false);
    expect(existsSync(join(folder(), 'life_1-flat.vmdk'))).toBe(false);
    expect(vmx()).toEqual(expect.arrayContaining(['displayName = "second life"', 'memsize = "32"']));
    expect(await guestMemoryBytes('second life')).toBe(32 * 2 ** 20);
  }, 60_000);

  it('is destroyed with all of its files', async () => {
    await step('destroy');
    expect(existsSync(folder())).toBe(false);
  }, 60_000);
});
