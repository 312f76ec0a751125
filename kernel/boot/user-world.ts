import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../lib/log/index.js';
import {
  encodeFrame,
  FrameDecoder,
  type FromVmkauthd,
  type ToVmkauthd,
  type UserWorldInfo,
  VMKAUTHD_CONTROL_FD,
} from '../abi/index.js';
import type { HostTables } from './host-tables.js';
import { VMX_ENVIRONMENT } from './vmx-process.js';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 30_000;
/** Having lived so long it starts afresh: its next death costs no wait. */
const STEADY_MS = 60_000;
const STOP_MS = 1000;
const NODE_FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1', '--single-threaded-gc', '--no-warnings'];

export interface UserWorldOptions {
  readonly name: string;
  readonly mainPath: string;
  readonly flags: readonly string[];
  /** The listening socket that it serves. */
  readonly listenFd: number;
  /** Answers what it asks. @throws VmkernelError */
  readonly answer: (message: Extract<FromVmkauthd, { readonly id: number }>) => unknown;
  readonly refusal: (error: unknown) => Extract<ToVmkauthd, { type: 'refused' }>['error'];
}

/** A process outside the service console that serves the host: a world of its own, started again when it dies. */
export class UserWorld {
  readonly #options: UserWorldOptions;
  readonly #tables: HostTables;
  readonly #log: Logger;
  #child: ChildProcess | null = null;
  #world: { readonly row: number; readonly worldId: number } | null = null;
  #state: UserWorldInfo['state'] = 'stopped';
  #timer: NodeJS.Timeout | undefined;
  #deaths = 0;
  #startedMs = 0;
  #stopped: () => void = () => undefined;

  constructor(options: UserWorldOptions, tables: HostTables, log: Logger) {
    this.#options = options;
    this.#tables = tables;
    this.#log = log;
  }

  get info(): UserWorldInfo {
    const { name } = this.#options;
    return { name, pid: this.#child?.pid ?? 0, worldId: this.#world?.worldId ?? 0, state: this.#state };
  }

  start(): void {
    this.#launch('starting');
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise<void>(resolve => {
      this.#stopped = resolve;
    });
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(late);
  }

  #launch(state: 'starting' | 'restarting'): void {
    const { name, mainPath, flags, listenFd } = this.#options;
    this.#state = state;
    this.#startedMs = performance.now();
    const child = spawn(process.execPath, [...NODE_FLAGS, mainPath, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', listenFd],
      detached: true,
      env: { ...VMX_ENVIRONMENT, UV_THREADPOOL_SIZE: '2' },
    });
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) =>
      this.#log.warn({ stderr: chunk.toString('utf8').slice(0, 2000) }, name),
    );
    child.once('error', error => this.#ended(child, error.message));
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `exit status ${code}`));
    child.once('spawn', () => {
      this.#world = this.#tables.addUserWorld(name, child.pid ?? 0);
      this.#listen(child.stdio[VMKAUTHD_CONTROL_FD] as Duplex, child);
    });
  }

  #listen(control: Duplex, child: ChildProcess): void {
    const decoder = new FrameDecoder();
    const { name } = this.#options;
    control.on('error', error => this.#log.debug({ err: error }, `control connection of ${name}`));
    control.on('data', (chunk: Buffer) => {
      try {
        for (const { header } of decoder.push(chunk)) this.#receive(control, header as FromVmkauthd);
      } catch (error) {
        this.#log.error({ err: error }, `${name} sent something that is no message`);
        child.kill('SIGKILL');
      }
    });
  }

  #receive(control: Duplex, message: FromVmkauthd): void {
    if (message.type === 'ready') {
      this.#state = 'running';
      this.#log.info({ world: this.#world?.worldId }, `${this.#options.name} is up`);
      return;
    }
    const { id } = message;
    let reply: ToVmkauthd;
    try {
      reply = { type: 'done', id, result: this.#options.answer(message) };
    } catch (error) {
      reply = { type: 'refused', id, error: this.#options.refusal(error) };
    }
    control.write(encodeFrame(reply));
  }

  #ended(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    if (this.#world !== null) this.#tables.removeUserWorld(this.#world.row);
    this.#world = null;
    this.#stopped();
    if (this.#state === 'stopped') return;
    if (performance.now() - this.#startedMs >= STEADY_MS) this.#deaths = 0;
    const delayMs = this.#deaths === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** this.#deaths, MAX_DELAY_MS);
    this.#deaths++;
    this.#state = 'restarting';
    this.#log.warn({ delayMs }, `${this.#options.name}: ${reason}`);
    this.#timer = setTimeout(() => this.#launch('restarting'), delayMs);
  }
}
