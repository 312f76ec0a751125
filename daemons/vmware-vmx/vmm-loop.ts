import type { InterruptFigures, ModeTimes } from '../../kernel/vmm/index.js';
import { EngineTrap, type GuestEngine } from './engine/index.js';
import { ExecutionTimes } from './execution-times.js';
import type { HaltPolicy } from './halt-policy.js';
import type { VmmInput } from './vmm-input.js';
import type { FromVmm, ToVmm } from './vmm-messages.js';
import type { VmmPicture } from './vmm-picture.js';

/** How long a paused guest sleeps at a time; a message wakes it. */
const PAUSE_US = 60_000_000;

/** The dispatch protocol as the loop uses it; kernel/vmm's Dispatch is the real one. */
export interface VcpuDispatch {
  waitForGrant(): boolean;
  beginSlice(): number;
  shouldYield(): boolean;
  endSlice(startUs: number, endUs: number, instructions: number, translations: number): number;
  reportModes(modes: ModeTimes, counts: InterruptFigures): void;
  halt(nextTimerUs: number): boolean;
  stop(): void;
}

export interface VmmLoopParts {
  readonly engine: GuestEngine;
  readonly dispatch: VcpuDispatch;
  readonly policy: HaltPolicy;
  readonly serialPorts: number;
  readonly picture: VmmPicture;
  readonly input: VmmInput;
  readonly nowUs: () => number;
  readonly receive: () => ToVmm | undefined;
  readonly send: (message: FromVmm) => void;
}

/**
 * The life of a VMM thread: wait for a grant, run slices while it lasts, sleep while the guest is halted. What comes
 * from outside is taken between slices: messages when the doorbell rang, completions and serial input always.
 */
export class VmmLoop {
  readonly #parts: VmmLoopParts;
  /** Input that the engine's queue had no room for, by port; the VMX thread bounds it. */
  readonly #held: Uint8Array[];
  /** Writes that found no space. While there is one the guest does not run. */
  #retries: (() => void)[] = [];
  #stopped = false;
  #ranUs = 0;
  readonly #times = new ExecutionTimes();

  constructor(parts: VmmLoopParts) {
    this.#parts = parts;
    this.#held = Array.from({ length: parts.serialPorts }, () => new Uint8Array(0));
  }

  /** Returns when the VM is over; says so. */
  run(): void {
    const { dispatch, engine, send } = this.#parts;
    try {
      while (!this.#stopped) {
        if (dispatch.waitForGrant()) this.#turn();
        else this.#takeMessages();
      }
    } catch (error) {
      if (!(error instanceof EngineTrap)) throw error;
      this.#sendSerial();
      send({ type: 'trap', reason: error.reason, instructions: engine.instructions });
    }
    send({ type: 'log', text: this.#times.tell(engine.execution) });
    dispatch.stop();
    send({ type: 'stopped' });
  }

  /** One slice, and the sleep after it when the guest has halted. */
  #turn(): void {
    const { engine, dispatch, policy, picture, input, nowUs } = this.#parts;
    if (dispatch.beginSlice() !== 0) {
      policy.wake();
      this.#takeMessages();
      if (this.#stopped) return;
    }
    if (this.#retries.length === 0) this.#takeEvents();
    if (this.#retries.length > 0) {
      this.#pause();
      return;
    }
    picture.running();
    const startUs = nowUs();
    const idleMs = engine.runSlice(dispatch.shouldYield());
    const endUs = nowUs();
    const { instructions, translations, execution } = engine;
    const cpuUs = dispatch.endSlice(startUs, endUs, instructions, translations);
    this.#times.add(cpuUs, endUs - startUs, instructions, execution);
    dispatch.reportModes(this.#times, execution);
    this.#ranUs += endUs - startUs;
    this.#sendSerial();
    this.#noteGuestEvents();
    input.tell();
    if (idleMs > 0 && !this.#takeEvents()) this.#sleep(idleMs);
    else picture.afterSlice();
  }

  /** A write found no space: the guest stands still until somebody says what to do. */
  noSpace(disk: number, retry: () => void): void {
    this.#retries.push(retry);
    if (this.#retries.length === 1) this.#parts.send({ type: 'noSpace', disk });
  }

  /** Completions, serial input, keys and pointer; true when the guest has something to look at. */
  #takeEvents(): boolean {
    const { engine, input } = this.#parts;
    this.#refill();
    const completed = engine.pollDevices();
    const serial = engine.feedSerial();
    return input.feed() || serial || completed;
  }

  #pause(): void {
    const { dispatch, picture, nowUs } = this.#parts;
    const untilUs = Math.min(nowUs() + PAUSE_US, picture.beforeSleep());
    while (!this.#stopped && this.#retries.length > 0 && !dispatch.halt(untilUs)) this.#takeMessages();
  }

  #sleep(idleMs: number): void {
    const { dispatch, policy, picture, nowUs } = this.#parts;
    const timerUs = nowUs() + policy.sleepMs(this.#ranUs / 1000, idleMs) * 1000;
    const untilUs = Math.min(timerUs, picture.beforeSleep());
    this.#ranUs = 0;
    while (!this.#stopped && !dispatch.halt(untilUs)) this.#takeMessages();
  }

  #takeMessages(): void {
    const { receive } = this.#parts;
    for (let message = receive(); message !== undefined; message = receive()) this.#obey(message);
  }

  #obey(message: ToVmm): void {
    const { engine, picture, input, send } = this.#parts;
    switch (message.type) {
      case 'serialInput':
        this.#hold(message.index, message.bytes);
        break;
      case 'reset':
        engine.reset();
        send({ type: 'resetDone', id: message.id });
        break;
      case 'readScreen':
        send({ type: 'screen', id: message.id, screen: engine.textScreen() });
        break;
      case 'readPicture':
        picture.read(message.id);
        break;
      case 'forgetPicture':
        picture.forget();
        break;
      case 'keys':
      case 'pointer':
        input.take(message);
        break;
      case 'cdrom':
        engine.setCdromInserted(message.inserted);
        break;
      case 'resume':
        for (const retry of this.#retries.splice(0)) retry();
        break;
      case 'stop':
        this.#stopped = true;
        break;
    }
  }

  #hold(index: number, bytes: Uint8Array): void {
    const before = this.#held[index];
    if (before === undefined) return;
    const joined = new Uint8Array(before.length + bytes.length);
    joined.set(before);
    joined.set(bytes, before.length);
    this.#held[index] = joined;
  }

  #refill(): void {
    const { engine, send } = this.#parts;
    for (let index = 0; index < this.#held.length; index++) {
      const bytes = this.#held[index];
      if (bytes === undefined || bytes.length === 0) continue;
      const count = engine.sendSerial(index, bytes);
      if (count === 0) continue;
      this.#held[index] = bytes.subarray(count);
      send({ type: 'serialTaken', index, count });
    }
  }

  #sendSerial(): void {
    const { engine, send, serialPorts } = this.#parts;
    for (let index = 0; index < serialPorts; index++) {
      const bytes = engine.takeSerial(index);
      if (bytes !== undefined) send({ type: 'serialOutput', index, bytes });
    }
  }

  #noteGuestEvents(): void {
    const { engine, send } = this.#parts;
    for (const event of engine.takeEvents()) {
      if (event === 'softOff') {
        this.#stopped = true;
        send({ type: 'softOff' });
      } else if (event === 'reset') send({ type: 'log', text: 'Vix: guest initiated reset' });
      else send({ type: 'log', text: 'The CPU has been disabled by the guest operating system.' });
    }
  }
}
