import type { ManagedObjectReference } from '../../../../lib/vim/index.js';
import {
  type CallContext,
  type EventManager,
  type ObjectRegistry,
  type TaskControl,
  type TaskManager,
  type VimFault,
  vimFault,
} from '../../../../lib/vim-server/index.js';
import type { HostSettings } from '../../settings/host-settings.js';
import type { Entity } from '../entity.js';
import { moids } from '../moids.js';

export interface MaintenanceModeDependencies {
  readonly registry: ObjectRegistry;
  readonly tasks: TaskManager;
  readonly events: EventManager;
  readonly settings: HostSettings;
  /** Whether any machine runs. */
  hasRunning(): boolean;
}

/** What a timer can hold, 24 days: a longer wait is one without end. */
const MAX_TIMER_SECONDS = 2_147_483;

const settingKey = 'maintenanceMode';

/**
 * Maintenance mode: no machine runs and none is powered on. A host without others to move machines to enters it when
 * its machines have been powered off. It outlives hostd and a boot.
 */
export class MaintenanceMode {
  readonly #dependencies: MaintenanceModeDependencies;
  #isEntering = false;

  constructor(dependencies: MaintenanceModeDependencies) {
    this.#dependencies = dependencies;
  }

  get isOn(): boolean {
    return this.#dependencies.settings.get(settingKey) === 'TRUE';
  }

  get mayPowerOn(): boolean {
    return !this.isOn && !this.#isEntering;
  }

  /** @throws VimFault InvalidState */
  requirePowerOn(): void {
    if (!this.mayPowerOn) throw invalidState('The host is in maintenance mode or enters it.');
  }

  /** @param timeoutSeconds how long running machines are waited for; 0 or less: without end */
  enter(host: Entity, timeoutSeconds: number, call: CallContext): ManagedObjectReference {
    const request = {
      methodName: 'EnterMaintenanceMode_Task',
      descriptionId: 'HostSystem.enterMaintenanceMode',
    };
    return this.#dependencies.tasks.start({ entity: host, ...request, call }, async control => {
      if (!this.mayPowerOn) throw invalidState('The host is in maintenance mode or enters it already.');
      this.#isEntering = true;
      try {
        this.#dependencies.events.post('EnteringMaintenanceModeEvent', {}, control.cause);
        await this.#allOff(timeoutSeconds, control);
        await this.#set(host, true);
        this.#dependencies.events.post('EnteredMaintenanceModeEvent', {}, control.cause);
      } finally {
        this.#isEntering = false;
      }
      return undefined;
    });
  }

  exit(host: Entity, call: CallContext): ManagedObjectReference {
    const request = {
      methodName: 'ExitMaintenanceMode_Task',
      descriptionId: 'HostSystem.exitMaintenanceMode',
    };
    return this.#dependencies.tasks.start({ entity: host, ...request, call }, async ({ cause }) => {
      if (!this.isOn) throw invalidState('The host is not in maintenance mode.');
      await this.#set(host, false);
      this.#dependencies.events.post('ExitMaintenanceModeEvent', {}, cause);
      return undefined;
    });
  }

  async #set(host: Entity, isOn: boolean): Promise<void> {
    await this.#dependencies.settings.set({ [settingKey]: isOn ? 'TRUE' : 'FALSE' });
    this.#dependencies.registry.changed(host, 'runtime', 'summary');
  }

  /** Resolves when no machine runs. @throws VimFault Timedout, RequestCanceled */
  async #allOff(timeoutSeconds: number, control: TaskControl): Promise<void> {
    const { registry, hasRunning } = this.#dependencies;
    control.allowCancel();
    await new Promise<void>((resolve, reject) => {
      const end = (finish: () => void): void => {
        clearTimeout(timer);
        registry.unfollow(moids.rootPool.value, follower);
        finish();
      };
      // What runs in the pool changed.
      const follower = { note: () => (hasRunning() ? undefined : end(resolve)) };
      const timer =
        timeoutSeconds > 0 && timeoutSeconds <= MAX_TIMER_SECONDS
          ? setTimeout(() => end(() => reject(timedOut())), timeoutSeconds * 1000)
          : undefined;
      timer?.unref();
      registry.follow(moids.rootPool.value, follower);
      control.signal.addEventListener('abort', () => end(() => reject(control.signal.reason)), {
        once: true,
      });
      follower.note();
    });
    control.forbidCancel();
  }
}

function invalidState(message: string): VimFault {
  return vimFault('InvalidState', {}, message);
}

function timedOut(): VimFault {
  return vimFault('Timedout', {}, 'Virtual machines were still running when the time was over.');
}
