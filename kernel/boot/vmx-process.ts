import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { closeFd, pidfdGetfd, pidfdOpen } from '../../lib/linux/index.js';
import type { Logger } from '../../lib/log/index.js';
import { encodeFrame, FrameDecoder, type FromVmx, type ToVmx, VMX_CONTROL_FD } from '../abi/index.js';

/** One arena: threads of a vmx allocate little, and each further arena is memory per VM. */
export const VMX_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' };

/** How a vmx ended, as Linux tells it. */
export interface VmxEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A message and the body of its frame. */
type OnMessage = (message: FromVmx, body: Uint8Array) => void;

/** One vmware-vmx process and the talk with it. Reaped before `ended` resolves. */
export class VmxProcess {
  readonly ended: Promise<VmxEnd>;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #control: Duplex;
  readonly #pidfd: number;

  private constructor(child: ChildProcess, pid: number, onMessage: OnMessage, log: Logger) {
    this.#child = child;
    this.pid = pid;
    this.#pidfd = pidfdOpen(pid);
    this.#control = child.stdio[VMX_CONTROL_FD] as Duplex;
    const decoder = new FrameDecoder();
    this.#control.on('data', (chunk: Buffer) => {
      try {
        for (const frame of decoder.push(chunk)) onMessage(frame.header as FromVmx, frame.body);
      } catch (error) {
        log.error({ err: error }, 'the vmx sent something that is no message');
        this.kill();
      }
    });
    this.#control.on('error', error => log.debug({ err: error }, 'control connection of the vmx'));
    child.stderr?.on('data', (chunk: Buffer) =>
      log.warn({ stderr: chunk.toString('utf8').slice(0, 2000) }, 'vmx'),
    );
    this.ended = new Promise(resolve => {
      child.once('exit', (code, signal) => {
        this.#control.destroy();
        if (this.#pidfd >= 0) closeFd(this.#pidfd);
        resolve({ code, signal });
      });
    });
  }

  /** Starts a vmx that inherits its RAM's memfd and its disk ring's doorbell. */
  static start(
    program: { readonly mainPath: string; readonly nodeFlags: readonly string[] },
    fds: { readonly ram: number; readonly diskDoorbell: number },
    onMessage: OnMessage,
    log: Logger,
  ): Promise<VmxProcess> {
    const child = spawn(process.execPath, [...program.nodeFlags, program.mainPath], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', fds.ram, fds.diskDoorbell],
      detached: true,
      env: VMX_ENVIRONMENT,
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => {
        child.removeListener('error', reject);
        child.on('error', error => log.error({ err: error }, 'vmx process'));
        resolve(new VmxProcess(child, child.pid ?? 0, onMessage, log));
      });
    });
  }

  send(message: ToVmx): void {
    if (this.#control.writable) this.#control.write(encodeFrame(message));
  }

  /** Copies a descriptor of the vmx into this process. */
  takeFd(fd: number): number {
    return pidfdGetfd(this.#pidfd, fd);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
