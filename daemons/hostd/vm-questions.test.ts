import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VmkernelError, type VmQuestion } from '../../kernel/abi/index.js';
import type { ManagedObjectReference, VirtualMachineQuestionInfo } from '../../lib/vim/index.js';
import { faultOf, TestHost } from './testing/test-host.js';

const QUESTION: VmQuestion = {
  id: '1025.1',
  messageId: 'msg.uuid.moved',
  text: 'Moved or copied?',
  choices: [
    { key: 'cancel', label: 'Cancel' },
    { key: 'copied', label: 'I copied it' },
  ],
  defaultIndex: 1,
};

let test: TestHost;
let session: string;
let vm: ManagedObjectReference;
let vmxPath: string;

beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
  vm = await test.register(session);
  vmxPath = test.host.inventory.vms()[0]?.vmxPath ?? '';
});
afterEach(async () => {
  await test.stop();
  expect(test.errors).toEqual([]);
});

const shown = async () =>
  (await test.read(session, vm, 'runtime.question')) as VirtualMachineQuestionInfo | undefined;
const asked = () => vi.waitUntil(shown);
const answer = (questionId: string, answerChoice: string) =>
  test.call(vm, 'AnswerVM', { questionId, answerChoice }, { session });

describe('a question of a virtual machine', () => {
  it('is shown with its choices and the default, while the machine is powering on', async () => {
    test.kernel.ask(vmxPath, QUESTION, 'poweringOn');
    expect(await asked()).toMatchObject({
      id: '1025.1',
      text: 'Moved or copied?',
      choice: {
        choiceInfo: [
          { key: 'cancel', label: 'Cancel' },
          { key: 'copied', label: 'I copied it' },
        ],
        defaultIndex: 1,
      },
      message: [{ id: 'msg.uuid.moved' }],
    });
    expect(await test.read(session, vm, 'runtime.powerState')).toBe('poweredOff');
  });

  it('is answered by AnswerVM and gone when that returns', async () => {
    test.kernel.ask(vmxPath, QUESTION);
    await asked();
    await answer(QUESTION.id, 'copied');
    expect(await shown()).toBeUndefined();
    expect(test.kernel.calls.filter(({ name }) => name === 'answer')).toEqual([
      { name: 'answer', args: { vmxPath, questionId: QUESTION.id, choice: 'copied' } },
    ]);
  });

  it('takes no answer with another id or another choice, and none when it is gone', async () => {
    expect(await faultOf(answer(QUESTION.id, 'copied'))).toBe('InvalidArgument');
    test.kernel.ask(vmxPath, QUESTION);
    await asked();
    expect(await faultOf(answer('1025.2', 'copied'))).toBe('InvalidArgument');
    expect(await faultOf(answer(QUESTION.id, 'maybe'))).toBe('InvalidArgument');
    test.kernel.running.delete(vmxPath);
    expect(await faultOf(answer(QUESTION.id, 'copied'))).toBe('ConcurrentAccess');
  });

  it('is shown again by a hostd that was started anew', async () => {
    test.kernel.ask(vmxPath, QUESTION);
    await asked();
    test.host.close();
    await test.boot();
    session = await test.login();
    expect((await asked()).id).toBe(QUESTION.id);
    await answer(QUESTION.id, 'copied');
  });

  it('does not keep the machine from being powered off while it waits for an answer at power-on', async () => {
    let ended = (_: Error): void => undefined;
    const power = new Promise<void>((_, reject) => {
      ended = reject;
    });
    test.kernel.tap = async (name, at) => {
      if (name === 'powerOn' && at === 'before') await power;
      if (name === 'powerOff' && at === 'after') ended(new VmkernelError('Cancelled', 'given up'));
    };
    const powerOn = await test.call(vm, 'PowerOnVM_Task', {}, { session });
    test.kernel.ask(vmxPath, QUESTION, 'poweringOn');
    await asked();
    expect(await faultOf(test.call(vm, 'UnregisterVM', {}, { session }))).toBe('TaskInProgress');
    const powerOff = await test.call(vm, 'PowerOffVM_Task', {}, { session });
    expect((await test.finish(session, powerOff)).state).toBe('success');
    const { error } = await test.finish(session, powerOn);
    expect(error?.fault._type).toBe('RequestCanceled');
  });

  it('goes with the machine', async () => {
    test.kernel.ask(vmxPath, QUESTION);
    await asked();
    test.kernel.die(vmxPath, 'killed');
    await vi.waitUntil(async () => (await shown()) === undefined);
  });
});

describe('what needs tools in the guest', () => {
  it.each(['ShutdownGuest', 'RebootGuest', 'StandbyGuest'] as const)(
    'says that there are none when it is on, and that it is off when it is: %s',
    async method => {
      expect(await faultOf(test.call(vm, method, {}, { session }))).toBe('InvalidPowerState');
      await test.finish(session, await test.call(vm, 'PowerOnVM_Task', {}, { session }));
      expect(await faultOf(test.call(vm, method, {}, { session }))).toBe('ToolsUnavailable');
    },
  );
});
