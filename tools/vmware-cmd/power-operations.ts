import type { VirtualMachineRuntimeInfo } from '../../lib/vim/index.js';
import { VimClientFault } from '../../lib/vim-client/index.js';
import type { Control, ControlledVm } from './control.js';
import type { Operation } from './operation.js';
import { UsageError } from './vm-control-error.js';

const MODES = ['soft', 'hard', 'trysoft'] as const;
type Mode = (typeof MODES)[number];

function modeOf(text: string | undefined, usual: Mode): Mode {
  const mode = MODES.find(one => one === (text ?? usual));
  if (mode === undefined) throw new UsageError(`the mode is one of ${MODES.join(', ')}`);
  return mode;
}

type PowerTask = 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'ResetVM_Task' | 'SuspendVM_Task';

async function task(control: Control, { vm }: ControlledVm, method: PowerTask): Promise<void> {
  await control.agent.waitForTask(await control.agent.call(vm, method, {}));
}

/** Soft asks the guest, hard does it to the machine, trysoft does it when the guest cannot be asked. */
function softOrHard(
  name: string,
  usual: Mode,
  ask: 'ShutdownGuest' | 'RebootGuest',
  force: PowerTask,
  summary: string,
): Operation {
  return {
    name,
    parameters: ['[soft|hard|trysoft]'],
    summary,
    async run(control, vm, [text]) {
      const mode = modeOf(text, usual);
      if (mode === 'hard') await task(control, vm, force);
      else
        try {
          await control.agent.call(vm.vm, ask, {});
        } catch (error) {
          const isDeaf = error instanceof VimClientFault && error.code === 'ToolsUnavailable';
          if (mode === 'soft' || !isDeaf) throw error;
          await task(control, vm, force);
        }
      return 1;
    },
  };
}

/** The mode is taken and changes nothing: there is one way to do it. */
function oneWay(name: string, power: PowerTask, summary: string): Operation {
  return {
    name,
    parameters: ['[soft|hard|trysoft]'],
    summary,
    async run(control, vm, [text]) {
      modeOf(text, 'soft');
      await task(control, vm, power);
      return 1;
    },
  };
}

const start = oneWay('start', 'PowerOnVM_Task', 'Powers the machine on');
const suspend = oneWay('suspend', 'SuspendVM_Task', 'Suspends the machine');

const getState: Operation = {
  name: 'getstate',
  parameters: [],
  summary: 'on, off, suspended, or stuck with a question',
  async run(control, { vm }) {
    const runtime = await control.property<VirtualMachineRuntimeInfo>(vm, 'runtime');
    if (runtime.question !== undefined) return 'stuck';
    return { poweredOn: 'on', poweredOff: 'off', suspended: 'suspended' }[runtime.powerState];
  },
};

export const POWER_OPERATIONS: readonly Operation[] = [
  getState,
  start,
  softOrHard('stop', 'soft', 'ShutdownGuest', 'PowerOffVM_Task', 'Powers the machine off'),
  softOrHard('reset', 'soft', 'RebootGuest', 'ResetVM_Task', 'Resets the machine'),
  suspend,
];
