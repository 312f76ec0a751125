import type { Logger } from '../../lib/log/index.js';
import {
  type FromVmx,
  type ToVmx,
  type VmInfo,
  VmkernelError,
  type VmPowerState,
  type VmQuestion,
} from '../abi/index.js';
import type { VmRows } from './host-tables.js';
import type { Ledger } from './ledger.js';
import type { VmxEnd, VmxProcess } from './vmx-process.js';

export interface VmxAnswer {
  readonly result: unknown;
  readonly body: Uint8Array;
}

interface Answering {
  readonly resolve: (answer: VmxAnswer) => void;
  readonly reject: (error: VmkernelError) => void;
}

const ANSWER_MS = 5000;
/** For what goes through a datastore: it happens later nevertheless, and the change feed tells. */
const SLOW_ANSWER_MS = 60_000;
const MAX_REQUESTS = 16;

type Asked = Extract<ToVmx, { readonly id: number }>;
/** What a vmx is asked, without the number that its answer repeats. */
export type VmxRequest = Asked extends infer A ? (A extends Asked ? Omit<A, 'id'> : never) : never;

/** What a vmx says that others than its VM act upon. */
export interface VmListener {
  /** Its question or the connections of its devices changed. */
  onChange(vm: Vm, event: string): void;
  onWriteConfig(vm: Vm, id: number, vmxText: string): void;
}

function noAnswer(name: string): VmkernelError {
  return new VmkernelError('Busy', `vmware-vmx of ${name} does not answer`, {});
}

type Attached = Extract<FromVmx, { type: 'attached' }>;

/** A promise and the two ways to settle it. */
class Milestone<T> {
  resolve: (value: T) => void = () => undefined;
  reject: (error: Error) => void = () => undefined;
  readonly reached = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
  constructor() {
    // Nobody may be waiting yet when it fails; who waits later still sees the failure.
    this.reached.catch(() => undefined);
  }
}

/** One VM from the start of its power-on until its vmx has been reaped and its ledger unwound. */
export class Vm {
  state: VmPowerState = 'poweringOn';
  rows: VmRows | null = null;
  process: VmxProcess | null = null;
  memoryMb = 0;
  bootTimeMs = 0;
  /** Why the vmx said that it ends, where it said so. */
  ending: string | null = null;
  /** The guest asked for its end: nothing is wrong. */
  guestAsked = false;
  readonly attached = new Milestone<Attached>();
  readonly poweredOn = new Milestone<void>();
  /** The ledger is unwound; nothing of the VM is left. */
  readonly gone = new Milestone<void>();
  question: VmQuestion | null = null;
  connections: Readonly<Record<string, boolean>> = {};
  readonly #answers = new Map<number, Answering>();
  #nextId = 1;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly vmxPath: string,
    public name: string,
    readonly ledger: Ledger,
    readonly log: Logger,
    private readonly listener: VmListener,
  ) {}

  /** One change of its configuration after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  info(): VmInfo {
    return {
      worldId: this.rows?.worldId ?? 0,
      name: this.name,
      vmxPath: this.vmxPath,
      state: this.state,
      pid: this.process?.pid ?? 0,
      memoryMb: this.memoryMb,
      bootTimeMs: this.bootTimeMs,
      connections: this.connections,
      ...(this.question === null ? {} : { question: this.question }),
    };
  }

  /** @param body of the message's frame */
  receive(message: FromVmx, body: Uint8Array): void {
    switch (message.type) {
      case 'attached':
        this.attached.resolve(message);
        break;
      case 'poweredOn':
        this.poweredOn.resolve();
        break;
      case 'ending':
        this.guestAsked = message.cause === 'guestPowerOff';
        this.ending = message.cause === 'powerOff' ? null : message.reason;
        break;
      case 'failed':
        this.ending = message.reason;
        if (message.code === 'Cancelled') this.cancel(message.reason);
        else
          this.#fail(
            new VmkernelError('VmxDied', `vmware-vmx could not start: ${message.reason}`, {
              reason: message.reason,
            }),
          );
        break;
      case 'done':
        this.#take(message.id)?.resolve({ result: message.result, body });
        break;
      case 'refused':
        this.#take(message.id)?.reject(
          new VmkernelError(message.error.code, message.error.message, message.error.details),
        );
        break;
      case 'writeConfig':
        this.listener.onWriteConfig(this, message.id, message.vmxText);
        break;
      case 'question':
        this.question = message.question;
        this.listener.onChange(this, message.question === null ? 'answered' : 'question');
        break;
      case 'connections':
        this.connections = message.connections;
        this.listener.onChange(this, 'connections');
        break;
    }
  }

  /** Its power-on is given up. */
  cancel(reason: string): void {
    this.question = null;
    this.ending ??= reason;
    this.#fail(new VmkernelError('Cancelled', reason));
  }

  /** The process has been reaped: whoever waits for it must know. */
  processEnded(end: VmxEnd): void {
    const how = end.signal ?? `exit status ${end.code}`;
    const reason = this.ending ?? `vmware-vmx ended (${how})`;
    this.ending = reason;
    this.question = null;
    this.#fail(new VmkernelError('VmxDied', reason, { reason }));
    for (const answer of this.#answers.values())
      answer.reject(new VmkernelError('VmxDied', reason, { reason }));
    this.#answers.clear();
  }

  /**
   * @param waits for a datastore too
   * @throws VmkernelError Busy when the vmx does not answer: it is stopped, or too much was asked already
   */
  ask(request: VmxRequest, waits = false): Promise<VmxAnswer> {
    if (this.#answers.size >= MAX_REQUESTS) return Promise.reject(noAnswer(this.name));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => this.#take(id)?.reject(noAnswer(this.name)),
        waits ? SLOW_ANSWER_MS : ANSWER_MS,
      );
      this.#answers.set(id, {
        resolve: answer => {
          clearTimeout(late);
          resolve(answer);
        },
        reject: error => {
          clearTimeout(late);
          reject(error);
        },
      });
      this.process?.send({ ...request, id });
    });
  }

  #fail(error: VmkernelError): void {
    this.attached.reject(error);
    this.poweredOn.reject(error);
  }

  #take(id: number): Answering | undefined {
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    return answer;
  }
}
