import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ManagedObjectReference, TaskInfo, VirtualDeviceConfigSpec } from '../../lib/vim/index.js';
import { VimClient } from '../../lib/vim-client/index.js';
import { TestHost, until } from '../harness/index.js';

let host: TestHost;
let vim: VimClient;

beforeAll(async () => {
  host = await TestHost.up();
  vim = await client();
}, 300_000);
afterAll(async () => {
  vim.close();
  await host.stop();
});

const store = () => join(host.root, 'datastores/storage1');
const filesOf = (name: string) =>
  existsSync(join(store(), name)) ? readdirSync(join(store(), name)).sort() : [];

async function client(): Promise<VimClient> {
  const { https } = (await host.status()).ports;
  const certificate = readFileSync(join(host.root, 'console/etc/vmware/ssl/rui.crt'), 'utf8');
  const opened = await VimClient.open({ host: '127.0.0.1', port: https, certificate });
  await opened.login('root', host.password);
  return opened;
}

/** Ends hostd as hard as it can be and logs in to the one that init starts. */
async function killHostd(): Promise<void> {
  const killed = await host.pid('hostd');
  process.kill(killed, 'SIGKILL');
  vim.close();
  await until(
    'another hostd',
    async () =>
      (await host.status()).daemons.some(
        ({ name, pid }) => name === 'hostd' && pid != null && pid !== killed,
      ),
    60_000,
  );
  vim = await until('hostd to answer', () => client().catch(() => undefined), 60_000);
}

function disk(unitNumber: number, eagerlyScrub: boolean): VirtualDeviceConfigSpec {
  const backing = {
    _type: 'VirtualDiskFlatVer2BackingInfo',
    fileName: '',
    diskMode: 'persistent',
    thinProvisioned: !eagerlyScrub,
    eagerlyScrub,
  };
  const device = {
    _type: 'VirtualDisk',
    key: -1 - unitNumber,
    controllerKey: 200,
    unitNumber,
    capacityInKB: 65_536,
    backing,
  };
  return { operation: 'add', fileOperation: 'create', device };
}

async function machine(name: string): Promise<ManagedObjectReference | undefined> {
  const found = await vim.find('VirtualMachine', ['name']);
  return found.find(({ properties }) => properties.get('name') === name)?.object;
}

async function startCreate(name: string): Promise<ManagedObjectReference> {
  const [folder] = (await vim.find('Folder', ['name'])).filter(
    ({ properties }) => properties.get('name') === 'vm',
  );
  const [pool] = await vim.find('ResourcePool', []);
  if (folder === undefined || pool === undefined) throw new Error('the inventory has no place for machines');
  const config = { name, files: { vmPathName: '[storage1]' }, deviceChange: [disk(0, true), disk(1, false)] };
  return vim.call(folder.object, 'CreateVM_Task', { config, pool: pool.object });
}

async function stateOf(task: ManagedObjectReference): Promise<TaskInfo['state']> {
  return ((await vim.read(task, ['info'])).get('info') as TaskInfo).state;
}

const whole = (name: string) => [
  `${name}-flat.vmdk`,
  `${name}.vmdk`,
  `${name}.vmx`,
  `${name}_1-flat.vmdk`,
  `${name}_1.vmdk`,
];

// Where exactly it dies is the machine's chance; few of each, because init waits ever longer for one that dies often.
it.each([8, 60])(
  'hostd killed %i ms into a creation leaves the whole machine or nothing, and a task that says which',
  async delayMs => {
    const name = `made-${delayMs}`;
    const task = await startCreate(name);
    await sleep(delayMs);
    await killHostd();
    const made = await machine(name);
    expect(filesOf(name)).toEqual(made === undefined ? [] : whole(name));
    expect(existsSync(join(store(), name))).toBe(made !== undefined);
    expect(await stateOf(task)).toBe(made === undefined ? 'error' : 'success');
  },
  90_000,
);

it.each([3])(
  'hostd killed %i ms into a destruction leaves the whole machine or nothing',
  async delayMs => {
    const name = `gone-${delayMs}`;
    await vim.waitForTask(await startCreate(name));
    const vm = await machine(name);
    if (vm === undefined) throw new Error('the machine was not made');
    await vim.call(vm, 'Destroy_Task', {});
    await sleep(delayMs);
    await killHostd();
    const left = await machine(name);
    expect(filesOf(name)).toEqual(left === undefined ? [] : whole(name));
    expect(existsSync(join(store(), name))).toBe(left !== undefined);
  },
  90_000,
);

it.each([15, 100])(
  'hostd killed %i ms into a reconfiguration leaves the old machine or the new one',
  async delayMs => {
    const name = `changed-${delayMs}`;
    await vim.waitForTask(await startCreate(name));
    const vm = await machine(name);
    if (vm === undefined) throw new Error('the machine was not made');
    const old = { _type: 'VirtualDisk', key: 3001, capacityInKB: 65_536 };
    const drop: VirtualDeviceConfigSpec = { operation: 'remove', fileOperation: 'destroy', device: old };
    const spec = { memoryMB: 128, deviceChange: [drop, disk(1, true)] };
    await vim.call(vm, 'ReconfigVM_Task', { spec });
    await sleep(delayMs);
    await killHostd();
    const memory = (await vim.read(vm, ['config.hardware.memoryMB'])).get('config.hardware.memoryMB');
    const changed = whole(name).map(file => file.replace('_1', '_2'));
    expect([32, 128]).toContain(memory);
    expect(filesOf(name)).toEqual(memory === 128 ? changed : whole(name));
  },
  90_000,
);
