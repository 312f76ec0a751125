import {
  CONSOLE_MEMORY_KEY,
  DEFAULT_CONSOLE_MEMORY_MB,
  parseConsoleMemory,
} from '../../../../lib/esxconf/index.js';
import type { ServiceConsoleReservationInfo } from '../../../../lib/vim/index.js';
import {
  defineClass,
  invalidArgument,
  type ManagedObject,
  type ObjectClass,
  type ObjectRegistry,
} from '../../../../lib/vim-server/index.js';
import type { VmkernelLink } from '../../vmkernel/vmkernel-link.js';
import { moids } from '../moids.js';
import type { HostFacts } from './host-facts.js';

const BYTES_PER_MB = 2 ** 20;

export interface HostMemorySystemDependencies {
  readonly facts: HostFacts;
  readonly registry: ObjectRegistry;
  link(): Pick<VmkernelLink, 'call'>;
}

/** How the machine's memory is divided between service console and virtual machines. */
export class HostMemorySystem implements ManagedObject {
  readonly ref = moids.memorySystem;
  readonly objectClass: ObjectClass = hostMemorySystemClass;
  readonly #dependencies: HostMemorySystemDependencies;
  /** From the next boot on, MB. */
  #configuredMb = DEFAULT_CONSOLE_MEMORY_MB;

  constructor(dependencies: HostMemorySystemDependencies) {
    this.#dependencies = dependencies;
  }

  /** Asks the VMkernel for what esx.conf says; after a connection and a change. */
  async refresh(): Promise<void> {
    const { value } = await this.#dependencies.link().call('getConfig', { key: CONSOLE_MEMORY_KEY });
    this.#configuredMb = parseConsoleMemory(value ?? '') ?? DEFAULT_CONSOLE_MEMORY_MB;
    this.#dependencies.registry.changed(this, 'consoleReservationInfo');
  }

  consoleReservation(): ServiceConsoleReservationInfo | undefined {
    const { figures } = this.#dependencies.facts.account;
    if (figures === undefined) return undefined;
    return {
      serviceConsoleReservedCfg: this.#configuredMb * BYTES_PER_MB,
      serviceConsoleReserved: figures.consoleMemoryBytes,
      unreserved: figures.freeMemoryBytes() ?? 0,
    };
  }

  /** Takes whole megabytes; a size holds from the next boot on. */
  async reconfigureConsole(bytes: number): Promise<void> {
    const value = String(bytes / BYTES_PER_MB);
    if (parseConsoleMemory(value) === undefined) throw invalidArgument('cfgBytes');
    await this.#dependencies.link().call('setConfig', { key: CONSOLE_MEMORY_KEY, value });
    await this.refresh();
  }
}

export const hostMemorySystemClass: ObjectClass = defineClass<'HostMemorySystem', HostMemorySystem>(
  'HostMemorySystem',
  {
    properties: { consoleReservationInfo: system => system.consoleReservation() },
    methods: {
      ReconfigureServiceConsoleReservation: (system, { cfgBytes }) =>
        system.reconfigureConsole(Number(cfgBytes)),
    },
  },
);
