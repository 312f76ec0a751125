import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GroupKind } from '../../kernel/abi/index.js';
import type { VmkernelClient } from '../../kernel/client/index.js';
import { TREE } from '../harness/host.js';
import { groupsOf, runProgram, TestHost, until } from '../harness/index.js';

let host: TestHost;
let kernel: VmkernelClient;

/** Names of the machines: each is a copy of one idle guest. */
const machines = ['m0', 'm1', 'm2', 'm3', 'm4'];

beforeAll(async () => {
  host = await TestHost.up();
  kernel = await host.kernel();
  await host.addGuest('asm-idler', 'm0');
  const store = join(host.root, 'datastores/storage1');
  for (const name of machines.slice(1)) cpSync(join(store, 'm0'), join(store, name), { recursive: true });
  for (const [index, name] of machines.entries()) {
    const vmx = `/vmfs/volumes/storage1/${name}/asm-idler.vmx`;
    const uuid = `56 4d 00 00 00 00 00 00-00 00 00 00 00 00 00 0${index}`;
    const text = `sed -i -e '/^uuid/d' -e 's/^displayName.*/displayName = "${name}"/' ${vmx} && echo 'uuid.bios = "${uuid}"' >> ${vmx}`;
    const edited = await host.ssh(`${text} && vim-cmd solo/registervm ${vmx}`);
    expect(edited.status, edited.stderr.toString()).toBe(0);
  }
}, 300_000);
afterAll(() => host.stop());

/** What the script says when all its steps are right. */
async function pools(step: string): Promise<string> {
  const script = join(TREE, 'test/clients/pyvmomi/pools.py');
  const port = String((await host.status()).ports.https);
  const args = ['--port', port, '--password-file', join(host.root, 'password'), '--step', step];
  const { status, stdout, stderr } = await runProgram('/usr/bin/python3', [script, ...args], {
    timeoutMs: 200_000,
  });
  expect(status, `${stdout.toString()}${stderr}`).toBe(0);
  return stdout.toString();
}

const vmxOf = (name: string): string =>
  readFileSync(join(host.root, `datastores/storage1/${name}/asm-idler.vmx`), 'utf8');

it('unmodified pyVmomi makes, moves, changes and destroys pools, and machines obey at once', async () => {
  expect(await pools('make')).toContain('ok   and is no more');
  expect(vmxOf('m0')).toMatch(/^sched\.cpu\.max = "300"$/m);
  expect(vmxOf('m0')).toMatch(/^sched\.cpu\.shares = "high"$/m);
  expect(vmxOf('m0')).toMatch(/^sched\.cpu\.affinity = "0"$/m);
  const { vm, pool } = await groupsOf(kernel, 'm0');
  expect(vm).toMatchObject({ shares: 2000, affinity: 1 });
  expect(vm.limitMhz).toBeCloseTo(300, 3);
  expect(pool).toMatchObject({ kind: GroupKind.pool, shares: 777 });
  expect(pool.limitMhz).toBeCloseTo(500, 3);
  const text = (await host.ssh('vim-cmd hostsvc/rsrc/pool_config_get pool3')).stdout.toString();
  expect(text).toContain('limit = 500,');
  const made = await host.ssh('vim-cmd hostsvc/rsrc/create pool3 tool --cpu-min=10 --mem-shares=low');
  expect(made.stdout.toString()).toMatch(/^'vim.ResourcePool:pool\d+'$/m);
  const id = /pool\d+/.exec(made.stdout.toString())?.[0] ?? '';
  const rest = `vim-cmd hostsvc/rsrc/pool_config_set ${id} --cpu-max=50 && vim-cmd hostsvc/rsrc/pool_config_get ${id} && vim-cmd hostsvc/rsrc/destroy ${id}`;
  const { status, stdout, stderr } = await host.ssh(rest);
  expect(status, stderr.toString()).toBe(0);
  expect(stdout.toString()).toMatch(/reservation = 10,.*limit = 50,.*shares = 81920,/s);
}, 240_000);

it('finds them as they were when hostd was killed, and when the host has booted anew', async () => {
  const pid = await host.pid('hostd');
  process.kill(pid, 'SIGKILL');
  await until('another hostd', async () => (await host.pid('hostd').catch(() => pid)) !== pid);
  await until('it answers', async () => (await host.ssh('vim-cmd vmsvc/getallvms')).status === 0);
  expect(await pools('kept')).toContain('ok   and its own');
  await host.esx(['down']);
  await host.up();
  expect(await pools('kept')).toContain('ok   and its own');
}, 300_000);

it('holds 512 pools made by three clients at once, of any name', async () => {
  expect(await pools('many')).toContain('ok   and gone');
}, 240_000);
