import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallName } from '../../../kernel/abi/index.js';
import type { ManagedObjectReference, TaskInfo, VirtualMachineConfigSpec } from '../../../lib/vim/index.js';
import { moids } from '../mo/moids.js';
import { TestHost } from '../testing/test-host.js';
import { added, flatDisk, removed } from '../testing/vm-specs.js';

let test: TestHost;
let session: string;

beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
});

afterEach(async () => {
  await test.stop();
  expect(test.errors).toEqual([]);
});

const changing: ReadonlySet<CallName> = new Set<CallName>([
  'reconfigure',
  'fileMkdir',
  'fileWriteAtomic',
  'fileRemove',
  'diskCreate',
  'diskDelete',
  'diskExtend',
]);

const files = () => [
  ...[...test.kernel.files.keys()].map(path => path.split('/').slice(4).join('/')).sort(),
  ...[...test.kernel.folders].map(path => `${path.split('/').slice(4).join('/')}/`).sort(),
];

const intents = () => test.host.database.prepare('SELECT kind FROM intent').all();

/** Begins the operation, ends hostd at its n-th change of a file, and starts another one. */
async function dieAt(
  step: number,
  when: 'before' | 'after',
  operation: () => Promise<ManagedObjectReference>,
  meanwhile: () => void = () => undefined,
): Promise<TaskInfo> {
  let seen = 0;
  const reached = new Promise<void>(resolve => {
    test.kernel.tap = async (name, at) => {
      if (!changing.has(name) || at !== when) return;
      seen += 1;
      if (seen !== step) return;
      resolve();
      await new Promise(() => undefined);
    };
  });
  const task = await operation();
  await reached;
  test.host.close();
  test.kernel.tap = async () => undefined;
  meanwhile();
  await test.boot();
  session = await test.login();
  return (await test.read(session, task, 'info')) as TaskInfo;
}

/** How many changes of files the operation makes. */
async function stepsOf(operation: () => Promise<ManagedObjectReference>): Promise<number> {
  let count = 0;
  test.kernel.tap = async (name, at) => {
    if (changing.has(name) && at === 'before') count += 1;
  };
  await test.finish(session, await operation());
  test.kernel.tap = async () => undefined;
  return count;
}

const config: VirtualMachineConfigSpec = {
  name: 'web',
  files: { vmPathName: '[storage1]' },
  deviceChange: [added(flatDisk(), 'create'), added(flatDisk({ unitNumber: 1 }), 'create')],
};
const create = () =>
  test.call(moids.vmFolder, 'CreateVM_Task', { config, pool: moids.rootPool }, { session });

async function made(): Promise<ManagedObjectReference> {
  await test.finish(session, await create());
  const [vm] = test.host.inventory.vms();
  if (vm === undefined) throw new Error('the machine was not made');
  return vm.ref;
}

describe('hostd that dies', () => {
  it.each([1, 2, 3, 4].flatMap(step => [[step, 'before'] as const, [step, 'after'] as const]))(
    'at step %i of CreateVM_Task, %s it, leaves no file, and the task failed',
    async (step, when) => {
      const before = files();
      const task = await dieAt(step, when, create);
      expect(files()).toEqual(before);
      expect(test.host.inventory.vms()).toEqual([]);
      expect(task).toMatchObject({ state: 'error', error: { fault: { _type: 'SystemError' } } });
      expect(intents()).toEqual([]);
      // Nothing is in the way of another attempt.
      await made();
    },
  );

  it('between the commit of CreateVM_Task and its end keeps the machine', async () => {
    const vm = await made();
    const all = files();
    const subject = {
      kind: 'create',
      vmxPath: `/vmfs/volumes/${test.kernel.volume}/web/web.vmx`,
      folder: `/vmfs/volumes/${test.kernel.volume}/web`,
      disks: [`/vmfs/volumes/${test.kernel.volume}/web/web.vmdk`],
    };
    const insert = "INSERT INTO intent (kind, subject, state, begun_ms) VALUES ('create', ?, 'begun', 1)";
    test.host.database.prepare(insert).run(JSON.stringify(subject));
    test.host.close();
    await test.boot();
    session = await test.login();
    expect(files()).toEqual(all);
    expect(await test.read(session, vm, 'name')).toBe('web');
    expect(intents()).toEqual([]);
  });

  const change: VirtualMachineConfigSpec = {
    memoryMB: 256,
    deviceChange: [
      added(flatDisk({ controllerKey: 201 }), 'create'),
      removed(flatDisk({ key: 3001 }), 'destroy'),
    ],
  };

  it.each([1, 2, 3].flatMap(step => [[step, 'before'] as const, [step, 'after'] as const]))(
    'at step %i of ReconfigVM_Task, %s it, leaves the old machine or the new one',
    async (step, when) => {
      const vm = await made();
      const old = files();
      const task = await dieAt(step, when, () =>
        test.call(vm, 'ReconfigVM_Task', { spec: change }, { session }),
      );
      const isNew = test.kernel.fileText('web/web.vmx')?.includes('memsize = "256"') === true;
      // The replacement of the configuration file is the second step.
      expect(isNew).toBe(step > 2 || (step === 2 && when === 'after'));
      const changed = [
        ...old.filter(name => !name.startsWith('web/web_1')),
        'web/web_2-flat.vmdk',
        'web/web_2.vmdk',
      ];
      expect([...files()].sort()).toEqual((isNew ? changed : old).sort());
      expect(await test.read(session, vm, 'config.hardware.memoryMB')).toBe(isNew ? 256 : 32);
      expect(task.state).toBe(isNew ? 'success' : 'error');
      expect(intents()).toEqual([]);
    },
  );

  it.each([
    ['before', true],
    ['after', true],
    ['before', false],
    ['after', false],
  ] as const)(
    '%s a running machine is reconfigured, it still running: %s, tells what holds',
    async (when, goesOn) => {
      const vm = await made();
      await test.finish(session, await test.call(vm, 'PowerOnVM_Task', {}, { session }));
      const spec = { annotation: 'said once' };
      const task = await dieAt(
        1,
        when,
        () => test.call(vm, 'ReconfigVM_Task', { spec }, { session }),
        () => {
          if (!goesOn) test.kernel.running.clear();
        },
      );
      const holds = goesOn || when === 'after';
      expect(test.kernel.fileText('web/web.vmx')?.includes('said once')).toBe(holds);
      expect(task.state).toBe(holds ? 'success' : 'error');
      expect(intents()).toEqual([]);
    },
  );

  it('between the commit of RegisterVM_Task and its end tells its task as done', async () => {
    const commit = test.host.inventory.commit.bind(test.host.inventory);
    const committed = new Promise<void>(resolve => {
      test.host.inventory.commit = async vm => {
        await commit(vm);
        resolve();
        await new Promise(() => undefined);
      };
    });
    const task = await test.startRegister(session, '[storage1] linux/linux.vmx');
    await committed;
    test.host.close();
    await test.boot();
    session = await test.login();
    const info = (await test.read(session, task, 'info')) as TaskInfo;
    expect(info).toMatchObject({ state: 'success', result: test.host.inventory.vmRefs()[0] });
    expect(intents()).toEqual([]);
  });

  it.each([1, 2, 3, 4].flatMap(step => [[step, 'before'] as const, [step, 'after'] as const]))(
    'at step %i of Destroy_Task, %s it, has the rest of the files deleted by the next one',
    async (step, when) => {
      const before = files();
      const vm = await made();
      const task = await dieAt(step, when, () => test.call(vm, 'Destroy_Task', {}, { session }));
      expect(files()).toEqual(before);
      expect(test.host.inventory.vms()).toEqual([]);
      expect(task.state).toBe('success');
      expect(intents()).toEqual([]);
    },
  );

  it('before the commit of Destroy_Task leaves the machine whole', async () => {
    const vm = await made();
    const all = files();
    const path = `/vmfs/volumes/${test.kernel.volume}/web`;
    const disks = [`${path}/web.vmdk`, `${path}/web_1.vmdk`];
    const vmxPath = `${path}/web.vmx`;
    const subject = { kind: 'destroy', vmxPath, disks, files: [vmxPath], folder: path };
    const insert = "INSERT INTO intent (kind, subject, state, begun_ms) VALUES ('destroy', ?, 'begun', 1)";
    test.host.database.prepare(insert).run(JSON.stringify(subject));
    test.host.close();
    await test.boot();
    session = await test.login();
    expect(files()).toEqual(all);
    expect(await test.read(session, vm, 'name')).toBe('web');
    expect(intents()).toEqual([]);
  });

  it('is tried at every step that there is', async () => {
    expect(await stepsOf(create)).toBe(4);
    const [vm] = test.host.inventory.vms();
    if (vm === undefined) throw new Error('the machine was not made');
    const reconfigure = () => test.call(vm.ref, 'ReconfigVM_Task', { spec: change }, { session });
    expect(await stepsOf(reconfigure)).toBe(3);
    expect(await stepsOf(() => test.call(vm.ref, 'Destroy_Task', {}, { session }))).toBe(4);
  });
});

describe('a lost connection to the VMkernel', () => {
  it('during CreateVM_Task fails the task, and what was left is cleared once there is one again', async () => {
    const before = files();
    let seen = 0;
    test.kernel.tap = async (name, at) => {
      if (!changing.has(name) || at !== 'after') return;
      seen += 1;
      if (seen === 3) test.kernel.dropConnections();
    };
    const info = await test.finish(session, await create());
    expect(info).toMatchObject({ state: 'error', error: { fault: { _type: 'HostNotConnected' } } });
    await expect.poll(intents, { timeout: 5_000 }).toEqual([]);
    expect(files()).toEqual(before);
  });
});
