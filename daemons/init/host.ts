import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { type HostPowerAction, VmkernelError } from '../../kernel/abi/index.js';
import { lockFile } from '../../lib/linux/index.js';
import type { Logger } from '../../lib/log/index.js';
import { Boot } from './boot.js';
import { ControlServer } from './control-server.js';
import type { HostFolder } from './host-folder.js';
import type { HostStatus } from './host-status.js';
import { InitError } from './init-error.js';
import { clearLastBoot } from './leftovers.js';

export interface HostOptions {
  folder: HostFolder;
  /** undefined: the last boot's, or the first free one. */
  portOffset: number | undefined;
  bind: string | undefined;
  treeFolder: string;
  nodePath: string;
  vmkernelMain: string;
  usr: 'overlay' | 'links';
}

/** What the owner of a host is told. */
export interface HostListener {
  /** A shutdown that was asked for, on the control socket or inside the host, is done. */
  wasShutDown(): void;
  /** The VMkernel died, or the host did not come up again. */
  failed(error: unknown): void;
}

/** Whoever asks for it inside the host is there to hear that it is taken on. */
const ANSWER_MS = 500;

/** One host in its folder: from its first boot through reboots to its shutdown. */
export class Host {
  readonly #options: HostOptions;
  readonly #logger: Logger;
  readonly #listener: HostListener;
  readonly #control: ControlServer;
  #boot: Boot;
  #lockFd = -1;
  #powerRequested = false;
  #booting: Promise<void> = Promise.resolve();
  #down: Promise<void> | undefined;

  /** @param bootId of the first boot */
  constructor(options: HostOptions, bootId: string, context: { logger: Logger; listener: HostListener }) {
    this.#options = options;
    this.#logger = context.logger;
    this.#listener = context.listener;
    this.#boot = this.#makeBoot(bootId);
    const shutdown = async (): Promise<void> => {
      await this.shutdown();
      setImmediate(() => this.#listener.wasShutDown()); // after the reply
    };
    this.#control = new ControlServer({ status: () => this.status(), shutdown }, this.#logger);
  }

  /** The first boot. When it rejects everything is undone but the control socket and the lock. */
  boot(): Promise<void> {
    this.#booting = this.#firstBoot();
    return this.#booting;
  }

  async #firstBoot(): Promise<void> {
    const { folder } = this.#options;
    this.#lock();
    await clearLastBoot(folder, this.#logger);
    this.#unlessDown();
    await this.#control.listen(folder.controlSocket);
    this.#unlessDown();
    await this.#start();
  }

  /** Orderly, from any state, once. Resolves when nothing of a boot is left. */
  shutdown(): Promise<void> {
    this.#down ??= this.#shutDown();
    return this.#down;
  }

  /** Takes the control socket away and lets go of the folder. */
  async close(): Promise<void> {
    await this.#control.close();
    if (this.#lockFd < 0) return;
    this.#options.folder.clearRun();
    closeSync(this.#lockFd);
  }

  status(): HostStatus {
    return this.#boot.status();
  }

  /**
   * What was asked for inside the host: begins when the caller has its answer.
   * @throws VmkernelError Busy unless the host is up and nothing of the kind was asked for
   */
  power(action: HostPowerAction, by: string): void {
    const { state } = this.status();
    if (this.#powerRequested || state !== 'running')
      throw new VmkernelError('Busy', `The host is ${state}, and goes down or up already`, { state });
    this.#powerRequested = true;
    this.#logger.info({ by }, `${action} was asked for`);
    this.#boot.announceEnd();
    setTimeout(() => {
      const ended = action === 'reboot' ? this.#reboot() : this.#powerOff();
      ended.catch(error => this.#listener.failed(error));
    }, ANSWER_MS);
  }

  async #shutDown(): Promise<void> {
    await this.#boot.shutdown();
    // What an earlier boot left is cleared to its end.
    await this.#booting.catch(() => undefined);
  }

  async #powerOff(): Promise<void> {
    await this.shutdown();
    this.#listener.wasShutDown();
  }

  async #reboot(): Promise<void> {
    await this.#boot.shutdown();
    if (this.#down !== undefined) return;
    this.#options.folder.clearBetweenBoots();
    this.#boot = this.#makeBoot(freshBootId());
    this.#powerRequested = false;
    try {
      await this.#start();
    } catch (error) {
      if (this.#down === undefined || !(error instanceof InitError && error.code === 'Stopped')) throw error;
    }
  }

  #start(): Promise<void> {
    return this.#boot.start(error => this.#listener.failed(error));
  }

  #makeBoot(bootId: string): Boot {
    return new Boot({ ...this.#options, bootId }, this.#logger, {
      hostPower: async ({ action, by }) => {
        this.power(action, by);
        return {};
      },
      service: args => this.#boot.service(args),
    });
  }

  #unlessDown(): void {
    if (this.#down !== undefined) throw new InitError('Stopped', {});
  }

  #lock(): void {
    const { folder } = this.#options;
    const fd = openSync(folder.lockFile, 'a', 0o600);
    if (!lockFile(fd)) {
      closeSync(fd);
      throw new InitError('AlreadyUp', { root: folder.path });
    }
    this.#lockFd = fd;
  }
}

/** Of a boot that nobody gave a name. */
export function freshBootId(): string {
  return randomBytes(6).toString('hex');
}
