import type { TaskInfo } from '../../../lib/vim/index.js';
import type { TaskOutcome } from '../../../lib/vim-server/index.js';
import type { VirtualMachine } from '../mo/virtual-machine.js';

/** What this hostd knows by now of the host that an earlier one changed. */
export interface PowerKnowledge {
  /** Undefined until the VMkernel has answered. */
  readonly bootTimeMs: number | undefined;
  /** Which machines run is known. */
  readonly hasLooked: boolean;
  vm(moid: string): VirtualMachine | undefined;
}

const DONE: TaskOutcome = { result: undefined };

/**
 * How a power task ended whose hostd died before it did, by the state that the VMkernel tells.
 * @returns undefined for other tasks and where the state does not show it
 */
export function interruptedPower(info: TaskInfo, known: PowerKnowledge): TaskOutcome | 'later' | undefined {
  const startedMs = (info.startTime ?? info.queueTime).getTime();
  switch (info.descriptionId) {
    case 'HostSystem.reboot':
    case 'HostSystem.shutdown':
      if (known.bootTimeMs === undefined) return 'later';
      return known.bootTimeMs > startedMs ? DONE : undefined;
    case 'VirtualMachine.powerOn':
    case 'VirtualMachine.powerOff': {
      if (!known.hasLooked) return 'later';
      const run = known.vm(info.entity?.value ?? '')?.run;
      if (run !== undefined && run.state !== 'poweredOn') return 'later';
      if (info.descriptionId === 'VirtualMachine.powerOff') return run === undefined ? DONE : undefined;
      return run !== undefined && run.bootTimeMs >= startedMs ? DONE : undefined;
    }
    default:
      return undefined;
  }
}
