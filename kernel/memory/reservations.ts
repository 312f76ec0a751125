import { VmkernelError } from '../abi/index.js';
import { demandPages, type MemoryDemand } from './policy/index.js';

const KB_PER_PAGE = 4;

/** Frames that are set aside for powered-on VMs: guest RAM and overhead are charged before they are used. */
export class Reservations {
  readonly #pages = new Map<number, { guest: number; overhead: number }>();
  #reserved = 0;

  /** @param machinePages frames left for VMs after VMkernel and service console */
  constructor(readonly machinePages: number) {}

  get freePages(): number {
    return this.machinePages - this.#reserved;
  }

  /** @throws VmkernelError InsufficientMemory {neededKb, availableKb} */
  admit(vmRow: number, demand: MemoryDemand): { guest: number; overhead: number } {
    const pages = demandPages(demand);
    const needed = pages.guest + pages.overhead;
    if (needed > this.freePages) {
      const details = { neededKb: needed * KB_PER_PAGE, availableKb: this.freePages * KB_PER_PAGE };
      throw new VmkernelError(
        'InsufficientMemory',
        `The VM needs ${details.neededKb} KB of machine memory, ${details.availableKb} KB are free`,
        details,
      );
    }
    this.#pages.set(vmRow, pages);
    this.#reserved += needed;
    return pages;
  }

  release(vmRow: number): void {
    const pages = this.#pages.get(vmRow);
    if (pages === undefined) return;
    this.#pages.delete(vmRow);
    this.#reserved -= pages.guest + pages.overhead;
  }
}
