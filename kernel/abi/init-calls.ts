import type { CallFailure, HostPowerAction, ServiceAction, ServiceName, ServiceState } from './calls.js';

/** What the VMkernel asks of the init that started it, over the socket pair between them, framed as all calls. */
export interface InitCalls {
  /** Answers when it is taken on: `by` is for the log. @throws Busy */
  hostPower: { args: { action: HostPowerAction; by: string }; result: Record<string, never> };
  /** Answers when it is done. @throws InvalidState, Busy */
  service: { args: { service: ServiceName; action: ServiceAction }; result: ServiceState };
}

export type InitCallName = keyof InitCalls;

export type InitRequest = {
  readonly [N in InitCallName]: {
    readonly id: number;
    readonly call: N;
    readonly args: InitCalls[N]['args'];
  };
}[InitCallName];

export type InitReply =
  | { readonly id: number; readonly result: InitCalls[InitCallName]['result'] }
  | { readonly id: number; readonly error: CallFailure };
