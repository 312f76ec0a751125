import { readFileSync } from 'node:fs';
import { GuestEngine, StockMachine } from './engine/index.js';
import { FileDiskPort } from './file-disk-port.js';
import { DEFAULT_HALT_POLICY, HaltPolicy } from './halt-policy.js';

export interface BareVm {
  readonly memoryBytes: number;
  readonly diskPaths: readonly string[];
  readonly serialPorts: number;
  readonly biosPath: string;
  readonly vgaBiosPath: string;
}

export interface BareOptions {
  /** v86's own loop and compiler instead of slices. */
  readonly stock: boolean;
  readonly exactTimers: boolean;
  readonly onOutput: (text: string) => void;
}

export interface SliceFigures {
  slices: number;
  sleeps: number;
  longestMs: number;
  /** Slices by duration: [i] counts those up to 2^i / 8 ms. */
  histogram: number[];
}

const SLICES_PER_TURN = 8;

/** Always granted; sleeps when halted; serial port 0 is text in and out. */
export class BareMachine {
  text = '';
  readonly figures: SliceFigures = { slices: 0, sleeps: 0, longestMs: 0, histogram: new Array(16).fill(0) };
  readonly #engine: GuestEngine | undefined;
  readonly #policy: HaltPolicy;
  readonly #onOutput: (text: string) => void;
  #stock: StockMachine | undefined;
  #wake: (() => void) | undefined;
  #stopped = false;

  private constructor(engine: GuestEngine | undefined, options: BareOptions) {
    this.#engine = engine;
    this.#onOutput = options.onOutput;
    const longestMs = options.exactTimers ? 0 : DEFAULT_HALT_POLICY.longestMs;
    this.#policy = new HaltPolicy({ ...DEFAULT_HALT_POLICY, longestMs });
  }

  static async start(vm: BareVm, options: BareOptions): Promise<BareMachine> {
    if (options.stock) {
      const machine = new BareMachine(undefined, options);
      const onSerial = (byte: number) => machine.#append(String.fromCharCode(byte));
      machine.#stock = await StockMachine.start({ ...vm, onSerial });
      return machine;
    }
    const ports = vm.diskPaths.map(path => new FileDiskPort(path));
    const engine = await GuestEngine.create({
      memoryBytes: vm.memoryBytes,
      bios: readFileSync(vm.biosPath),
      vgaBios: readFileSync(vm.vgaBiosPath),
      disks: ports.map(port => ({ port, sizeBytes: port.sizeBytes })),
      serialPorts: vm.serialPorts,
    });
    const machine = new BareMachine(engine, options);
    machine.#run(engine).catch(error => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    });
    return machine;
  }

  send(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#engine === undefined) this.#stock?.send(bytes);
    else this.#engine.sendSerial(0, bytes);
    this.#policy.wake();
    this.#wake?.();
  }

  get instructions(): number {
    return this.#engine?.instructions ?? this.#stock?.instructions ?? 0;
  }

  get translations(): number {
    return this.#engine?.translations ?? 0;
  }

  stop(): void {
    this.#stopped = true;
  }

  #append(text: string): void {
    this.text += text;
    this.#onOutput(text);
  }

  async #run(engine: GuestEngine): Promise<void> {
    let ranMs = 0;
    for (let turn = 0; !this.#stopped; turn++) {
      engine.feedSerial();
      if (engine.pollDevices()) this.#policy.wake();
      const start = performance.now();
      const idleMs = engine.runSlice(false);
      const tookMs = performance.now() - start;
      ranMs += tookMs;
      this.#note(tookMs);
      const output = engine.takeSerial(0);
      if (output !== undefined) this.#append(Buffer.from(output).toString('latin1'));
      if (idleMs > 0 && !engine.pollDevices() && !engine.feedSerial()) {
        const sleepMs = this.#policy.sleepMs(ranMs, idleMs);
        ranMs = 0;
        this.figures.sleeps++;
        await this.#sleep(sleepMs);
      } else if (turn % SLICES_PER_TURN === 0) await new Promise(resolve => setImmediate(resolve));
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #note(tookMs: number): void {
    const { figures } = this;
    figures.slices++;
    figures.longestMs = Math.max(figures.longestMs, tookMs);
    const bucket = Math.min(figures.histogram.length - 1, Math.max(0, Math.ceil(Math.log2(tookMs * 8))));
    figures.histogram[bucket] = (figures.histogram[bucket] ?? 0) + 1;
  }
}
