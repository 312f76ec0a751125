import type { ServiceConsoleReservationInfo } from '../../../../lib/vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../../../../lib/vim-server/index.js';
import { moids } from '../moids.js';
import type { HostFacts } from './host-facts.js';

/** How the machine's memory is divided between service console and virtual machines. */
export class HostMemorySystem implements ManagedObject {
  readonly ref = moids.memorySystem;
  readonly objectClass: ObjectClass = hostMemorySystemClass;
  readonly #facts: HostFacts;

  constructor(facts: HostFacts) {
    this.#facts = facts;
  }

  consoleReservation(): ServiceConsoleReservationInfo | undefined {
    const { figures } = this.#facts.account;
    if (figures === undefined) return undefined;
    const bytes = figures.consoleMemoryBytes;
    return {
      serviceConsoleReservedCfg: bytes,
      serviceConsoleReserved: bytes,
      unreserved: figures.freeMemoryBytes() ?? 0,
    };
  }
}

export const hostMemorySystemClass: ObjectClass = defineClass<'HostMemorySystem', HostMemorySystem>(
  'HostMemorySystem',
  { properties: { consoleReservationInfo: system => system.consoleReservation() }, methods: {} },
);
