import type { Logger } from '../../lib/log/index.js';
import { type FromVmx, type VmInfo, VmkernelError, type VmPowerState } from '../abi/index.js';
import type { VmRows } from './host-tables.js';
import type { Ledger } from './ledger.js';
import type { VmxEnd, VmxProcess } from './vmx-process.js';

interface Answering {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: VmkernelError) => void;
}

const ANSWER_MS = 5000;
const MAX_QUESTIONS = 16;

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
  readonly #answers = new Map<number, Answering>();
  #nextId = 1;

  constructor(
    readonly vmxPath: string,
    public name: string,
    readonly ledger: Ledger,
    readonly log: Logger,
  ) {}

  info(): VmInfo {
    return {
      worldId: this.rows?.worldId ?? 0,
      name: this.name,
      vmxPath: this.vmxPath,
      state: this.state,
      pid: this.process?.pid ?? 0,
      memoryMb: this.memoryMb,
      bootTimeMs: this.bootTimeMs,
    };
  }

  receive(message: FromVmx): void {
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
        this.#fail(
          new VmkernelError('VmxDied', `vmware-vmx could not start: ${message.reason}`, {
            reason: message.reason,
          }),
        );
        break;
      case 'done':
        this.#take(message.id)?.resolve(message.result);
        break;
      case 'refused':
        this.#take(message.id)?.reject(
          new VmkernelError('InvalidState', message.reason, { code: message.code }),
        );
        break;
    }
  }

  /** The process has been reaped: whoever waits for it must know. */
  processEnded(end: VmxEnd): void {
    const how = end.signal ?? `exit status ${end.code}`;
    const reason = this.ending ?? `vmware-vmx ended (${how})`;
    this.ending = reason;
    this.#fail(new VmkernelError('VmxDied', reason, { reason }));
    for (const answer of this.#answers.values())
      answer.reject(new VmkernelError('VmxDied', reason, { reason }));
    this.#answers.clear();
  }

  /** @throws VmkernelError Busy when the vmx does not answer: it is stopped, or too much was asked already */
  ask(type: 'reset' | 'readScreen'): Promise<unknown> {
    if (this.#answers.size >= MAX_QUESTIONS) return Promise.reject(noAnswer(this.name));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#take(id)?.reject(noAnswer(this.name)), ANSWER_MS);
      this.#answers.set(id, {
        resolve: result => {
          clearTimeout(late);
          resolve(result);
        },
        reject: error => {
          clearTimeout(late);
          reject(error);
        },
      });
      this.process?.send({ type, id });
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
