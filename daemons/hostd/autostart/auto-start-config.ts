/** Which machines start and stop with the host. Delays are in seconds. */
export interface AutoStartConfig {
  readonly enabled: boolean;
  readonly startDelay: number;
  readonly stopDelay: number;
  readonly waitForHeartbeat: boolean;
  readonly stopAction: string;
  readonly machines: readonly MachineAutoStart[];
  /** The boot for which machines have been started. */
  readonly startedBoot: string;
}

/** A delay of -1 is the host's. */
export interface MachineAutoStart {
  readonly moid: string;
  /** 1 and up in this order, then those without one: -1. */
  readonly startOrder: number;
  readonly startDelay: number;
  readonly waitForHeartbeat: 'yes' | 'no' | 'systemDefault';
  readonly startAction: string;
  readonly stopDelay: number;
  readonly stopAction: string;
}

export const defaultAutoStart: AutoStartConfig = {
  enabled: false,
  startDelay: 120,
  stopDelay: 120,
  waitForHeartbeat: false,
  stopAction: 'powerOff',
  machines: [],
  startedBoot: '',
};

export interface StartStep {
  readonly moid: string;
  /** Seconds to wait before the next machine is started. */
  readonly delay: number;
}

export interface StopStep {
  readonly moid: string;
  readonly action: string;
}

/** Who is started, one after the other. */
export function startSteps(config: AutoStartConfig): StartStep[] {
  return inOrder(config.machines)
    .filter(machine => isAction(machine.startAction, 'powerOn'))
    .map(machine => ({
      moid: machine.moid,
      delay: machine.startDelay === -1 ? config.startDelay : machine.startDelay,
    }));
}

/** Who is stopped and how: who was started last goes first. */
export function stopSteps(config: AutoStartConfig): StopStep[] {
  return inOrder(config.machines)
    .reverse()
    .map(({ moid, stopAction }) => ({
      moid,
      action: isAction(stopAction, 'systemDefault') ? config.stopAction : stopAction,
    }))
    .filter(step => !isAction(step.action, 'none'));
}

/** Actions are written with capitals of all kinds. */
export function isAction(text: string, action: string): boolean {
  return text.toLowerCase() === action.toLowerCase();
}

function inOrder(machines: readonly MachineAutoStart[]): MachineAutoStart[] {
  const place = (machine: MachineAutoStart): number =>
    machine.startOrder > 0 ? machine.startOrder : Number.MAX_SAFE_INTEGER;
  return [...machines].sort((one, other) => place(one) - place(other));
}
