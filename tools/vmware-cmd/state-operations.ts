import type {
  GuestInfo,
  VirtualMachineQuestionInfo,
  VirtualMachineRuntimeInfo,
} from '../../lib/vim/index.js';
import type { Control, ControlledVm } from './control.js';
import type { Operation } from './operation.js';
import { UsageError, VmControlError } from './vm-control-error.js';

const getId: Operation = {
  name: 'getid',
  parameters: [],
  summary: 'The number by which the host agent knows the machine',
  run: async (_control, { vm }) => vm.value,
};

const PRODUCT = ['product', 'platform', 'build', 'majorversion', 'minorversion', 'revision'] as const;

const getProductInfo: Operation = {
  name: 'getproductinfo',
  parameters: [PRODUCT.join('|')],
  summary: 'What the host is',
  async run(control, _vm, [variable = '']) {
    const { productLineId, osType, build, version } = control.agent.content.about;
    const [major = '', minor = '', revision = ''] = version.split('.');
    const values = {
      product: productLineId,
      platform: osType,
      build,
      majorversion: major,
      minorversion: minor,
      revision,
    };
    const name = PRODUCT.find(one => one === variable);
    if (name === undefined) throw new UsageError(`the variable is one of ${PRODUCT.join(', ')}`);
    return values[name];
  },
};

async function requireOn(control: Control, { vm }: ControlledVm): Promise<VirtualMachineRuntimeInfo> {
  const runtime = await control.property<VirtualMachineRuntimeInfo>(vm, 'runtime');
  if (runtime.powerState === 'poweredOn') return runtime;
  throw new VmControlError(-8, 'The virtual machine is not powered on');
}

const getUptime: Operation = {
  name: 'getuptime',
  parameters: [],
  summary: 'Seconds since the machine was powered on',
  async run(control, vm) {
    const { bootTime } = await requireOn(control, vm);
    if (bootTime === undefined) throw new VmControlError(-999, 'The host agent does not tell when it was');
    return Math.max(0, Math.floor((Date.now() - bootTime.getTime()) / 1000));
  },
};

/** Both count what the guest's tools report; a guest without them has never reported. */
function heartbeat(name: string, summary: string): Operation {
  return {
    name,
    parameters: [],
    summary,
    async run(control, vm) {
      await requireOn(control, vm);
      const guest = await control.property<GuestInfo>(vm.vm, 'guest');
      if (guest.toolsStatus === 'toolsNotInstalled' || guest.toolsStatus === 'toolsNotRunning') return 0;
      throw new VmControlError(-999, 'The host agent does not tell heartbeats');
    },
  };
}

const hasSnapshot: Operation = {
  name: 'hassnapshot',
  parameters: [],
  summary: '1 when the machine has snapshots',
  async run(control, { vm }) {
    return (await control.agent.read(vm, ['snapshot'])).get('snapshot') === undefined ? '' : 1;
  },
};

const answer: Operation = {
  name: 'answer',
  parameters: [],
  summary: 'Shows the question that the machine is stuck with, and takes its answer',
  async run(control, { vm }, _args, dialogue) {
    const runtime = await control.property<VirtualMachineRuntimeInfo>(vm, 'runtime');
    if (runtime.question === undefined) {
      dialogue.print('No question is pending.\n');
      return undefined;
    }
    const choices = choicesOf(runtime.question);
    dialogue.print(`Question (id = ${runtime.question.id}) :${runtime.question.text}\n`);
    for (const [index, { label }] of choices.entries()) dialogue.print(`\t${index}) ${label}\n`);
    dialogue.print(
      `Select choice. Press enter for default <${runtime.question.choice.defaultIndex ?? 0}> : `,
    );
    const line = (await dialogue.readLine()).trim();
    const chosen = choices[line === '' ? (runtime.question.choice.defaultIndex ?? 0) : Number(line)];
    if (chosen === undefined) throw new VmControlError(-1, `'${line}' is no choice`);
    await control.agent.call(vm, 'AnswerVM', { questionId: runtime.question.id, answerChoice: chosen.key });
    dialogue.print(`selected ${choices.indexOf(chosen)} : ${chosen.label}\n`);
    return undefined;
  },
};

function choicesOf(question: VirtualMachineQuestionInfo): { key: string; label: string }[] {
  return (question.choice.choiceInfo ?? []).map(choice => {
    const { key, label } = choice as { key?: string; label?: string };
    return { key: key ?? '', label: label ?? '' };
  });
}

/** Of the snapshot itself the host agent decides. */
const createSnapshot: Operation = {
  name: 'createsnapshot',
  parameters: ['name', 'description', 'quiesce', 'memory'],
  summary: 'Takes a snapshot',
  async run(control, { vm }, [name = '', description = '', quiesce = '', memory = '']) {
    const args = { name, description, quiesce: quiesce === '1', memory: memory === '1' };
    await control.agent.waitForTask(await control.agent.call(vm, 'CreateSnapshot_Task', args));
    return 1;
  },
};

const revertSnapshot: Operation = {
  name: 'revertsnapshot',
  parameters: [],
  summary: 'Goes back to the current snapshot',
  async run(control, { vm }) {
    await control.agent.waitForTask(await control.agent.call(vm, 'RevertToCurrentSnapshot_Task', {}));
    return 1;
  },
};

const removeSnapshots: Operation = {
  name: 'removesnapshots',
  parameters: [],
  summary: 'Removes every snapshot',
  async run(control, { vm }) {
    await control.agent.waitForTask(await control.agent.call(vm, 'RemoveAllSnapshots_Task', {}));
    return 1;
  },
};

export const STATE_OPERATIONS: readonly Operation[] = [
  getId,
  getProductInfo,
  heartbeat('getheartbeat', "Heartbeats of the guest's tools so far"),
  getUptime,
  heartbeat('gettoolslastactive', "Seconds since the last heartbeat of the guest's tools"),
  hasSnapshot,
  createSnapshot,
  revertSnapshot,
  removeSnapshots,
  answer,
];
