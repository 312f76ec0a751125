import { performance } from 'node:perf_hooks';
import { ABI_HASH, AbiMismatch, VmkernelError } from '../../kernel/abi/index.js';
import { attachStatistics, type Statistics, VmkernelClient } from '../../kernel/client/index.js';
import { readConsoleTimes } from './console-times.js';
import { type Snapshot, takeSnapshot } from './snapshot.js';
import type { SnapshotSource } from './source.js';
import { printable } from './text.js';

/** The host cannot be looked at; the message says why. */
export class HostError extends Error {
  override readonly name = 'HostError';
  constructor(
    readonly code: 'NoHost' | 'OtherBuild' | 'NotPermitted',
    message: string,
  ) {
    super(message);
  }
}

export interface HostOptions {
  readonly socketPath: string;
  /** /proc of the service console; null when this process is not in it. */
  readonly consoleProcDir: string | null;
}

/** A running host as this tool sees it: asked once where its shared memory is, read from there on. */
export class Host implements SnapshotSource {
  readonly #client: VmkernelClient;
  readonly #statistics: Statistics;
  readonly #consoleProcDir: string | null;
  readonly #gone = new AbortController();

  private constructor(client: VmkernelClient, statistics: Statistics, consoleProcDir: string | null) {
    this.#client = client;
    this.#statistics = statistics;
    this.#consoleProcDir = consoleProcDir;
    client.onClose(() => this.#gone.abort());
  }

  /** @throws HostError */
  static async attach(options: HostOptions): Promise<Host> {
    const client = await connect(options.socketPath);
    try {
      const info = await client.call('hostInfo', {});
      if (info.abiHash !== ABI_HASH) throw new AbiMismatch('hostInfo', ABI_HASH >>> 0, info.abiHash >>> 0);
      return new Host(client, attachStatistics(info.shmDir), options.consoleProcDir);
    } catch (error) {
      client.close();
      throw explained(error);
    }
  }

  /** Aborted when the VMkernel has ended: the shared memory then tells nothing any more. */
  get over(): AbortSignal {
    return this.#gone.signal;
  }

  snapshot(previous: Snapshot | null): Snapshot {
    const { host, sched } = this.#statistics;
    const console =
      this.#consoleProcDir === null ? null : readConsoleTimes(this.#consoleProcDir, performance.now());
    return takeSnapshot({ host, sched, wallMs: Date.now(), console }, previous);
  }

  /** @param worldIds of the VM's worlds; one of them is its id */
  async endVm(worldIds: readonly number[]): Promise<string> {
    try {
      const { vms } = await this.#client.call('listVms', {});
      const vm = vms.find(one => worldIds.includes(one.worldId));
      if (vm === undefined) return 'Only the worlds of a virtual machine can be killed';
      await this.#client.call('powerOff', { vmxPath: vm.vmxPath });
      return `${printable(vm.name)} is powered off`;
    } catch (error) {
      if (!(error instanceof VmkernelError)) throw error;
      return `Not killed: ${printable(error.message)}`;
    }
  }

  close(): void {
    this.#client.close();
  }
}

async function connect(socketPath: string): Promise<VmkernelClient> {
  try {
    return await VmkernelClient.connect(socketPath);
  } catch (error) {
    throw explained(error);
  }
}

function explained(error: unknown): unknown {
  if (error instanceof VmkernelError && error.code === 'ConnectionLost')
    return new HostError('NoHost', error.message);
  if (error instanceof AbiMismatch)
    return new HostError('OtherBuild', `The running host is another build than this tool: ${error.message}`);
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'EACCES' || code === 'EPERM')
    return new HostError('NotPermitted', 'Only root may read the shared memory of the VMkernel');
  if (code === 'ENOENT')
    return new HostError('NoHost', 'The shared memory of the VMkernel is gone: the host went down');
  return error;
}
