import { type HostPowerAction, VmkernelError } from '../../../../kernel/abi/index.js';
import type { ManagedObjectReference } from '../../../../lib/vim/index.js';
import {
  type CallContext,
  type EventCause,
  type EventManager,
  type TaskManager,
  vimFault,
} from '../../../../lib/vim-server/index.js';
import type { VmkernelLink } from '../../vmkernel/vmkernel-link.js';
import type { Entity } from '../entity.js';
import type { MaintenanceMode } from './maintenance-mode.js';

export interface HostPowerDependencies {
  readonly tasks: TaskManager;
  readonly events: EventManager;
  readonly maintenance: MaintenanceMode;
  link(): VmkernelLink;
}

const METHODS = {
  reboot: { methodName: 'RebootHost_Task', descriptionId: 'HostSystem.reboot' },
  shutdown: { methodName: 'ShutdownHost_Task', descriptionId: 'HostSystem.shutdown' },
} as const;

/** The longest name that the VMkernel takes. */
const MAX_NAME = 64;

/** Takes the whole host down; init does it, by the VMkernel's call. */
export class HostPower {
  readonly #dependencies: HostPowerDependencies;

  constructor(dependencies: HostPowerDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * The task ends with this hostd: the next one says how, by the VMkernel's boot.
   * @param force also when the host is not in maintenance mode
   * @throws VimFault InvalidState
   */
  start(
    host: Entity,
    action: HostPowerAction,
    { force, call }: { force: boolean; call: CallContext },
  ): ManagedObjectReference {
    const { tasks, maintenance, link } = this.#dependencies;
    if (!force && !maintenance.isOn)
      throw vimFault('InvalidState', {}, 'The host is not in maintenance mode, and force was not given.');
    const by = call.session?.userName?.slice(0, MAX_NAME) ?? '';
    return tasks.start({ entity: host, ...METHODS[action], call }, async () => {
      await accepted(link().call('hostPower', { action, by }));
      return new Promise<never>(() => undefined);
    });
  }

  /** The host goes down: says so, and whose wish it is where somebody inside asked for it. */
  async noteStop(entity: EventCause['entity']): Promise<void> {
    const { events, link } = this.#dependencies;
    const request = await link()
      .call('hostInfo', {})
      .then(
        info => info.goingDown,
        () => undefined, // The VMkernel went first: nobody knows any more.
      );
    const reason = request?.action ?? 'asked for outside the host';
    events.post('HostShutdownEvent', { reason }, { entity, userName: request?.by });
  }
}

async function accepted(asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof VmkernelError) || error.code !== 'Busy') throw error;
    throw vimFault('InvalidState', {}, error.message);
  }
}
