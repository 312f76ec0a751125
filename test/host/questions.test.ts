import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ManagedObjectReference, VirtualMachineQuestionInfo } from '../../lib/vim/index.js';
import { VimClient } from '../../lib/vim-client/index.js';
import { isAlive, TestHost, until } from '../harness/index.js';

const OLD_UUID = '56 4d 00 01 02 03 04 05-06 07 08 09 0a 0b 0c 0d';
const OLD_PLACE = '56 4d ff 01 02 03 04 05-06 07 08 09 0a 0b 0c 0d';
const GUEST = 'asm-idler';

let host: TestHost;
let client: VimClient;
let vm: ManagedObjectReference;

beforeAll(async () => {
  host = await TestHost.up();
}, 300_000);
afterAll(() => host.stop());

let machines = 0;
let folder = '';
beforeEach(async () => {
  folder = `moved${machines++}`;
  await host.addGuest(
    GUEST,
    folder,
    text => `${text}uuid.bios = "${OLD_UUID}"\nuuid.location = "${OLD_PLACE}"\n`,
  );
  client = await login();
  vm = await registered(`[storage1] ${folder}/${GUEST}.vmx`);
});
afterEach(async () => {
  const state = await property('runtime.powerState');
  if (state === 'poweredOn') await client.waitForTask(await client.call(vm, 'PowerOffVM_Task', {}));
  client.close();
});

async function login(): Promise<VimClient> {
  const { ports } = await host.status();
  const opened = await VimClient.open({ host: '127.0.0.1', port: ports.https, certificate: null });
  await opened.login('root', host.password);
  return opened;
}

async function registered(path: string): Promise<ManagedObjectReference> {
  const [vmFolder] = await client
    .find('Folder', ['childType'])
    .then(folders =>
      folders.filter(({ properties }) => String(properties.get('childType')).includes('VirtualMachine')),
    );
  const [pool] = await client.find('ResourcePool', ['name']);
  if (vmFolder === undefined || pool === undefined) throw new Error('no folder or pool');
  const args = { path, asTemplate: false, pool: pool.object };
  const { result } = await client.waitForTask(await client.call(vmFolder.object, 'RegisterVM_Task', args));
  return result as ManagedObjectReference;
}

const property = async (path: string) => (await client.read(vm, [path])).get(path);
const question = async () => (await property('runtime.question')) as VirtualMachineQuestionInfo | undefined;
const asked = () => until('the question', question);
const setting = (key: string) => {
  const text = readFileSync(join(host.root, 'datastores/storage1', folder, `${GUEST}.vmx`), 'utf8');
  return new RegExp(`^${key} = "(.*)"$`, 'm').exec(text)?.[1];
};

describe('a machine that was copied', () => {
  it('asks before it is powered on, also after hostd was killed, and goes on with the answer', async () => {
    await client.call(vm, 'PowerOnVM_Task', {});
    const { id, choice } = await asked();
    expect(choice.choiceInfo.map(({ label }) => label)).toEqual(['Cancel', 'I moved it', 'I copied it']);
    const old = await host.pid('hostd');
    process.kill(old, 'SIGKILL');
    await until('another hostd', async () => (await host.pid('hostd').catch(() => old)) !== old);
    await host.settled();
    client.close();
    client = await login();
    expect((await asked()).id).toBe(id);
    await client.call(vm, 'AnswerVM', { questionId: id, answerChoice: 'copied' });
    await until('the machine to run', async () => (await property('runtime.powerState')) === 'poweredOn');
    expect(await question()).toBeUndefined();
    expect(setting('uuid.bios')).not.toBe(OLD_UUID);
    const uuid = setting('uuid.bios')?.replace(/[ -]/g, '');
    await until(
      'its new UUID',
      async () => String(await property('config.uuid')).replaceAll('-', '') === uuid,
    );
  });

  it('has its question withdrawn and its power-on failed when its vmx is killed', async () => {
    const task = await client.call(vm, 'PowerOnVM_Task', {});
    await asked();
    const kernel = await host.kernel();
    const running = (await kernel.call('listVms', {})).vms.find(({ vmxPath }) => vmxPath.includes(folder));
    kernel.close();
    process.kill(running?.pid ?? 0, 'SIGKILL');
    await expect(client.waitForTask(task)).rejects.toMatchObject({ code: 'GenericVmConfigFault' });
    expect(await question()).toBeUndefined();
    expect(await property('runtime.powerState')).toBe('poweredOff');
    expect(isAlive(running?.pid ?? 0)).toBe(false);
    expect(setting('uuid.location')).toBe(OLD_PLACE);
  });

  it('is not powered on when the answer is Cancel, which its task says', async () => {
    const task = await client.call(vm, 'PowerOnVM_Task', {});
    const { id } = await asked();
    await client.call(vm, 'AnswerVM', { questionId: id, answerChoice: 'cancel' });
    await expect(client.waitForTask(task)).rejects.toMatchObject({ code: 'RequestCanceled' });
    expect(await property('runtime.powerState')).toBe('poweredOff');
    expect(setting('uuid.bios')).toBe(OLD_UUID);
  });
});

describe('a machine that runs', () => {
  it('is reconfigured by its vmx: shares in the scheduler, the rest in its file', async () => {
    const task = await client.call(vm, 'PowerOnVM_Task', {});
    const { id } = await asked();
    await client.call(vm, 'AnswerVM', { questionId: id, answerChoice: 'moved' });
    await client.waitForTask(task);
    const spec = {
      annotation: 'while it runs',
      cpuAllocation: { shares: { shares: 0, level: 'high' } },
      extraConfig: [{ key: 'my.key', value: 'x' }],
    };
    await client.waitForTask(await client.call(vm, 'ReconfigVM_Task', { spec } as never));
    expect(setting('annotation')).toBe('while it runs');
    expect(setting('my.key')).toBe('x');
    expect(await property('config.annotation')).toBe('while it runs');
    const memory = { spec: { memoryMB: 16 } } as never;
    await expect(client.waitForTask(await client.call(vm, 'ReconfigVM_Task', memory))).rejects.toMatchObject({
      code: 'InvalidPowerState',
    });
  });
});
