import type { Logger } from '../../lib/log/index.js';
import type { ConsoleProcess } from './console/service-console.js';
import { describeExit, exitOf, logComplaints } from './process-output.js';
import { RestartPolicy } from './restart-policy.js';

export type DaemonState = 'starting' | 'running' | 'restarting' | 'stopped';

export interface DaemonOptions {
  name: string;
  /** Starts it in the console that is up now; its standard error is a pipe. */
  start: () => ConsoleProcess;
  /** Resolves when it serves. */
  ready: (signal: AbortSignal, started: ConsoleProcess) => Promise<void>;
  logger: Logger;
}

/** How a daemon is asked to go, and how long it has to go by itself. */
export interface StopRequest {
  signal: NodeJS.Signals;
  limitMs: number;
}

const ORDINARY_STOP: StopRequest = { signal: 'SIGTERM', limitMs: 3000 };
/** A daemon that ends so often without ever having served does not come up by itself. */
const HOPELESS_STARTS = 3;

/** One daemon of the console, started again whenever it dies, until it is stopped. */
export class SupervisedDaemon {
  readonly name: string;
  readonly #options: DaemonOptions;
  readonly #policy = new RestartPolicy();
  #current: ConsoleProcess | undefined;
  #state: DaemonState = 'stopped';
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  /** Starts in a row that ended before it served. */
  #vainStarts = 0;
  #failure: string | undefined;
  readonly #waiters: (() => void)[] = [];

  constructor(options: DaemonOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get state(): DaemonState {
    return this.#state;
  }

  /** Why it does not come up, when it has ended again and again before it served. It is still started again. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** The machine's pid; 0 while there is none. */
  get pid(): number {
    return this.#current?.pid ?? 0;
  }

  /** Nothing when it runs already. Whoever starts it forgives what it did before. */
  start(): void {
    this.#stopping = false;
    if (this.#current !== undefined) return;
    clearTimeout(this.#timer);
    this.#vainStarts = 0;
    this.#failure = undefined;
    this.#launch('starting');
  }

  /** Resolves when it serves, when it has ended instead, or when the time is over; `state` says which. */
  async settled(limitMs: number): Promise<void> {
    if (this.#state !== 'starting') return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, limitMs);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Tells the process to serve nobody new; it ends when those it serves have left, and is nobody's until then. */
  letGo(signal: NodeJS.Signals): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#current?.process.kill(signal);
    this.#current = undefined;
    this.#become('stopped');
  }

  /** A signal, then SIGKILL. `as` is what the state then says. */
  async stop(as: 'stopped' | 'restarting', request = ORDINARY_STOP): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const current = this.#current;
    if (current !== undefined) {
      const exited = exitOf(current.process);
      current.process.kill(request.signal);
      const timer = setTimeout(() => current.process.kill('SIGKILL'), request.limitMs);
      await exited;
      clearTimeout(timer);
    }
    this.#current = undefined;
    this.#become(as);
  }

  #become(state: DaemonState): void {
    this.#state = state;
    if (state !== 'starting') for (const told of this.#waiters.splice(0)) told();
  }

  #launch(state: 'starting' | 'restarting'): void {
    const { name, logger, ready } = this.#options;
    this.#become(state);
    const startedMs = Date.now();
    const current = this.#options.start();
    this.#current = current;
    logger.info({ process: current.pid }, `${name}: ${state}`);
    const lastWords = logComplaints(current.process.stderr, name, logger);
    current.entered.catch(error => logger.error({ err: error }, name));
    const ended = new AbortController();
    ready(ended.signal, current).then(
      () => {
        if (this.#current !== current || this.#stopping) return;
        this.#become('running');
        this.#vainStarts = 0;
        this.#failure = undefined;
        logger.info({ tookMs: Date.now() - startedMs }, `${name}: running`);
      },
      error => {
        if (!ended.signal.aborted) logger.warn({ err: error }, `${name}: no answer`);
      },
    );
    exitOf(current.process).then(exit => {
      ended.abort();
      if (this.#current !== current) return;
      this.#current = undefined;
      if (this.#state !== 'running') this.#noteVainStart(`${describeExit(exit)}: ${lastWords()}`);
      if (!this.#stopping) this.#restart(Date.now() - startedMs, describeExit(exit));
    }, logger.error);
  }

  #noteVainStart(reason: string): void {
    if (this.#stopping) return;
    this.#vainStarts++;
    if (this.#vainStarts >= HOPELESS_STARTS)
      this.#failure = `${this.name} ended ${this.#vainStarts} times before it served (${reason})`;
  }

  #restart(livedMs: number, reason: string): void {
    const { name, logger } = this.#options;
    const delayMs = this.#policy.nextDelayMs(livedMs);
    this.#become('restarting');
    logger.warn({ livedMs, delayMs }, `${name}: ${reason}`);
    this.#timer = setTimeout(() => {
      try {
        this.#launch('restarting');
      } catch (error) {
        logger.error({ err: error }, `${name}: cannot be started`);
        this.#restart(0, 'not started');
      }
    }, delayMs);
  }
}
