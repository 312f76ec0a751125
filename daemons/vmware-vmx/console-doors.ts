import type { TLSSocket } from 'node:tls';
import type { VmxStart } from '../../kernel/abi/index.js';
import type { VmkernelClient } from '../../kernel/client/index.js';
import type { RunningConfig } from './config/index.js';
import type { Connections } from './connections.js';
import { type Bearer, type HandedService, Handover } from './handover/index.js';
import { MAX_VIEWERS, type Mks } from './mks/index.js';

/** Management connections of one VM at a time, and of one user. */
const MAX_MANAGERS = 16;
const MAX_OF_MANAGER = 8;

export interface ConsoleDoorsOptions {
  readonly start: VmxStart;
  readonly config: RunningConfig;
  readonly connections: Connections;
  readonly client: VmkernelClient;
  /** undefined: this VM has no screen to show yet. */
  readonly mks: () => Pick<Mks, 'viewers' | 'attach'> | undefined;
  readonly question: () => unknown;
  readonly log: (text: string) => void;
}

/** What a ticket opens of this VM: its console and its management. */
export class ConsoleDoors {
  readonly #options: ConsoleDoorsOptions;
  readonly #startedMs = performance.now();
  /** Whose they are. */
  readonly #managers = new Map<TLSSocket, string>();
  #handover: Handover | undefined;

  constructor(options: ConsoleDoorsOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { start, log } = this.#options;
    const services = { mks: this.#console(), vmctl: this.#management() };
    this.#handover = await Handover.listen({ runDir: start.runDir, services, log });
  }

  close(): void {
    this.#handover?.close();
  }

  #console(): HandedService {
    const { mks } = this.#options;
    return {
      refusal: () => {
        const viewers = mks()?.viewers;
        if (viewers === undefined) return 'This virtual machine has no console';
        return viewers.length < MAX_VIEWERS ? undefined : `${MAX_VIEWERS} viewers look on already`;
      },
      attach: (stream, { user, peer }) => {
        const screen = mks();
        if (screen === undefined) stream.destroy();
        else screen.attach(stream, 'serverInit', `${user} from ${peer}`);
      },
    };
  }

  #management(): HandedService {
    return {
      refusal: user => this.#managementRefusal(user),
      attach: (stream, bearer) => {
        if (stream.destroyed) return;
        if (this.#managementRefusal(bearer.user) !== undefined) {
          stream.destroy();
          return;
        }
        this.#managers.set(stream, bearer.user);
        stream.once('close', () => this.#managers.delete(stream));
        void this.#manage(stream, bearer);
      },
    };
  }

  #managementRefusal(user: string): string | undefined {
    const ofUser = [...this.#managers.values()].filter(other => other === user).length;
    if (ofUser < MAX_OF_MANAGER && this.#managers.size < MAX_MANAGERS) return undefined;
    return `${ofUser < MAX_OF_MANAGER ? this.#managers.size : ofUser} management connections are open already`;
  }

  async #manage(stream: TLSSocket, bearer: Bearer): Promise<void> {
    const { start, connections, client, log } = this.#options;
    const { vmxPath, name } = start;
    // Loaded only here: most VMs are never managed so.
    const { ManagementService } = await import('./management/index.js');
    const by = (what: string): void => log(`vmctl: ${what} by ${bearer.user} from ${bearer.peer}`);
    const service = {
      name,
      status: () => this.#status(),
      guest: () => this.#guest(),
      devices: () => connections.all,
      powerOff: () => {
        by('power off');
        return client.call('powerOff', { vmxPath });
      },
      reset: () => {
        by('reset');
        return client.call('reset', { vmxPath });
      },
      setConnected: (device: string, connected: boolean) => {
        by(`${connected ? 'connect' : 'disconnect'} ${device}`);
        const changes = { settings: {}, connections: { [device]: connected } };
        return client.call('reconfigure', { vmxPath, changes });
      },
    };
    new ManagementService(stream, bearer.rights, service);
  }

  #status(): Readonly<Record<string, unknown>> {
    const { start, question, mks } = this.#options;
    return {
      powerState: 'poweredOn',
      worldId: start.worldId,
      upSeconds: Math.floor((performance.now() - this.#startedMs) / 1000),
      viewers: mks()?.viewers.length ?? 0,
      question: question() ?? null,
    };
  }

  /** What is known without tools in the guest, of which there are none here. */
  #guest(): Readonly<Record<string, unknown>> {
    const { guestOS, memsizeMb, numVcpus } = this.#options.config.config;
    return { guestOS, memoryMb: memsizeMb, vcpus: numVcpus, toolsStatus: 'toolsNotInstalled' };
  }
}
