import {
  type AutoStartDefaults,
  type AutoStartPowerInfo,
  type HostAutoStartManagerConfig,
  ManagedObjectReference,
} from '../../../../lib/vim/index.js';
import {
  defineClass,
  invalidArgument,
  type ManagedObject,
  managedObjectNotFound,
  type ObjectClass,
} from '../../../../lib/vim-server/index.js';
import type { AutoStart } from '../../autostart/auto-start.js';
import { type AutoStartConfig, isAction, type MachineAutoStart } from '../../autostart/auto-start-config.js';
import { moids } from '../moids.js';

const startActions = ['none', 'powerOn'];
const stopActions = ['none', 'systemDefault', 'powerOff', 'guestShutdown', 'suspend'];
const maxDelay = 86_400;

export interface HostAutoStartManagerDependencies {
  readonly autoStart: AutoStart;
  isRegistered(moid: string): boolean;
  onError(error: unknown): void;
}

/** Which machines start and stop with the host. */
export class HostAutoStartManager implements ManagedObject {
  readonly ref = moids.autoStartManager;
  readonly objectClass: ObjectClass = hostAutoStartManagerClass;
  readonly #dependencies: HostAutoStartManagerDependencies;

  constructor(dependencies: HostAutoStartManagerDependencies) {
    this.#dependencies = dependencies;
  }

  config(): HostAutoStartManagerConfig {
    const { machines, startedBoot: _, ...defaults } = this.#dependencies.autoStart.config;
    return { defaults, powerInfo: machines.map(powerInfo) };
  }

  /** What the spec leaves out stays. @throws VimFault InvalidArgument, ManagedObjectNotFound */
  async reconfigure(spec: HostAutoStartManagerConfig): Promise<void> {
    const named = (spec.powerInfo ?? []).map(info => this.#checked(info));
    const isNamed = (moid: string): boolean => named.some(machine => machine.moid === moid);
    await this.#dependencies.autoStart.change(before => {
      const others = before.machines.filter(({ moid }) => !isNamed(moid));
      return { ...withDefaults(before, spec.defaults), machines: [...others, ...named] };
    });
  }

  /** Both go on after the call; what happens to each machine is told by its task. */
  startMachines(): void {
    this.#dependencies.autoStart.startMachines().catch(this.#dependencies.onError);
  }

  stopMachines(): void {
    this.#dependencies.autoStart.stopMachines().catch(this.#dependencies.onError);
  }

  #checked(info: AutoStartPowerInfo): MachineAutoStart {
    const { key, startOrder, startDelay, waitForHeartbeat, startAction, stopDelay, stopAction } = info;
    if (key.type !== 'VirtualMachine' || !this.#dependencies.isRegistered(key.value))
      throw managedObjectNotFound(key);
    if (startOrder < -1) throw invalidArgument('spec.powerInfo.startOrder');
    requireDelay(startDelay, 'spec.powerInfo.startDelay', -1);
    requireDelay(stopDelay, 'spec.powerInfo.stopDelay', -1);
    requireAction(startAction, startActions, 'spec.powerInfo.startAction');
    requireAction(stopAction, stopActions, 'spec.powerInfo.stopAction');
    return { moid: key.value, startOrder, startDelay, waitForHeartbeat, startAction, stopDelay, stopAction };
  }
}

function withDefaults(before: AutoStartConfig, change: AutoStartDefaults = {}): AutoStartConfig {
  const { enabled, startDelay, stopDelay, waitForHeartbeat, stopAction } = change;
  requireDelay(startDelay ?? 0, 'spec.defaults.startDelay', 0);
  requireDelay(stopDelay ?? 0, 'spec.defaults.stopDelay', 0);
  requireAction(stopAction ?? 'none', stopActions, 'spec.defaults.stopAction');
  return {
    ...before,
    enabled: enabled ?? before.enabled,
    startDelay: startDelay ?? before.startDelay,
    stopDelay: stopDelay ?? before.stopDelay,
    waitForHeartbeat: waitForHeartbeat ?? before.waitForHeartbeat,
    stopAction: stopAction ?? before.stopAction,
  };
}

function requireDelay(seconds: number, property: string, smallest: number): void {
  if (seconds < smallest || seconds > maxDelay) throw invalidArgument(property);
}

function requireAction(action: string, actions: readonly string[], property: string): void {
  if (!actions.some(known => isAction(action, known))) throw invalidArgument(property);
}

function powerInfo({ moid, ...rest }: MachineAutoStart): AutoStartPowerInfo {
  return { key: new ManagedObjectReference('VirtualMachine', moid), ...rest };
}

export const hostAutoStartManagerClass: ObjectClass = defineClass<
  'HostAutoStartManager',
  HostAutoStartManager
>('HostAutoStartManager', {
  properties: { config: manager => manager.config() },
  methods: {
    ReconfigureAutostart: (manager, { spec }) => manager.reconfigure(spec),
    AutoStartPowerOn: manager => manager.startMachines(),
    AutoStartPowerOff: manager => manager.stopMachines(),
  },
});
