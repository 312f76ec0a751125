import { setTimeout as delay } from 'node:timers/promises';
import {
  type AutoStartConfig,
  defaultAutoStart,
  isAction,
  startSteps,
  stopSteps,
} from './auto-start-config.js';
import type { AutoStartFile } from './auto-start-file.js';

export interface AutoStartDependencies {
  readonly file: AutoStartFile;
  isRegistered(moid: string): boolean;
  /** Both resolve when it has happened or failed; what failed is told by its task. */
  powerOn(moid: string): Promise<void>;
  powerOff(moid: string): Promise<void>;
  isRunning(moid: string): boolean;
  /** While the host is in maintenance mode nothing is started. */
  mayStart(): boolean;
  onChanged(): void;
  onProblem(problem: string): void;
}

/** How long one machine's power-on is waited for before the next one's turn. */
const PATIENCE_SECONDS = 60;

/** Starts machines when the host has booted and stops them before it goes down, as the administrator wants it. */
export class AutoStart {
  readonly #dependencies: AutoStartDependencies;
  readonly #stopping = new AbortController();
  #config: AutoStartConfig = defaultAutoStart;
  #running: Promise<void> = Promise.resolve();
  #lastChange: Promise<void> = Promise.resolve();

  constructor(dependencies: AutoStartDependencies) {
    this.#dependencies = dependencies;
  }

  /** The configuration; machines that are no longer registered are not in it. */
  get config(): AutoStartConfig {
    const machines = this.#config.machines.filter(({ moid }) => this.#dependencies.isRegistered(moid));
    return { ...this.#config, machines };
  }

  async load(): Promise<void> {
    this.#config = await this.#dependencies.file.read(reason => this.#dependencies.onProblem(reason));
  }

  /** Changes follow one another. The file is written before the change is true. */
  async change(update: (config: AutoStartConfig) => AutoStartConfig): Promise<void> {
    const changed = this.#lastChange.then(async () => {
      const config = update(this.config);
      await this.#dependencies.file.write(config);
      this.#config = config;
      this.#dependencies.onChanged();
    });
    // A change that failed is told to its caller; the next one stands on its own.
    this.#lastChange = changed.catch(() => undefined);
    await changed;
  }

  /** Its moid may be given to another machine. */
  async forget(moid: string): Promise<void> {
    if (!this.#config.machines.some(machine => machine.moid === moid)) return;
    await this.change(config => ({
      ...config,
      machines: config.machines.filter(machine => machine.moid !== moid),
    }));
  }

  /** Starts machines, once a boot. */
  async hostBooted(bootId: string): Promise<void> {
    if (this.#config.startedBoot === bootId) return;
    if (this.#config.enabled) await this.startMachines();
    if (!this.#stopping.signal.aborted) await this.change(config => ({ ...config, startedBoot: bootId }));
  }

  /** Resolves when the last one has been started. */
  startMachines(): Promise<void> {
    return this.#next(() => this.#start());
  }

  /** Resolves when all have been stopped. */
  stopMachines(): Promise<void> {
    return this.#next(() => this.#stop());
  }

  /** The host goes down: no further machine is started, and where it is enabled they are stopped. */
  async hostStops(): Promise<void> {
    this.#stopping.abort();
    if (this.#config.enabled) await this.stopMachines();
  }

  /** Ends what waits; machines stay as they are. */
  close(): void {
    this.#stopping.abort();
  }

  /** The changes that were begun have been written, or have failed. */
  settled(): Promise<void> {
    return this.#lastChange;
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#running = this.#running.then(work, work);
    return this.#running;
  }

  async #start(): Promise<void> {
    const { powerOn, isRunning, mayStart } = this.#dependencies;
    const { signal } = this.#stopping;
    const steps = startSteps(this.config).filter(({ moid }) => !isRunning(moid));
    for (const [index, step] of steps.entries()) {
      if (signal.aborted || !mayStart()) return;
      // A machine that asks something waits for a person: the next ones do not.
      await Promise.race([powerOn(step.moid), this.#wait(PATIENCE_SECONDS)]);
      if (index === steps.length - 1) return;
      await this.#wait(step.delay);
    }
  }

  /** Ends early when the host stops. */
  async #wait(seconds: number): Promise<void> {
    const { signal } = this.#stopping;
    await delay(seconds * 1000, undefined, { signal, ref: false }).catch(() => undefined);
  }

  async #stop(): Promise<void> {
    const { powerOff, isRunning, onProblem } = this.#dependencies;
    for (const { moid, action } of stopSteps(this.config)) {
      if (!isRunning(moid)) continue;
      // No guest can be asked to shut down, and none can be suspended: what is left is to switch it off.
      if (!isAction(action, 'powerOff'))
        onProblem(`virtual machine ${moid}: ${action} is not built, it is powered off`);
      await powerOff(moid);
    }
  }
}
