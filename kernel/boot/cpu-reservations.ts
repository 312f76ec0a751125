import type { CpuAllocation } from '../../lib/vmx/index.js';
import { VmkernelError } from '../abi/index.js';
import type { CpuClaim } from './host-tables.js';

/** A .vmx speaks of MHz, the scheduler of PCPUs. */
export function claimOf({ shares, minMhz, maxMhz }: CpuAllocation, pcpuMhz: number): CpuClaim {
  return { shares, min: minMhz / pcpuMhz, max: maxMhz === undefined ? null : maxMhz / pcpuMhz };
}

/** CPU that is set aside for powered-on VMs, in PCPUs: what all reserve must be there at once. */
export class CpuReservations {
  readonly #reserved = new Map<number, number>();

  /** @param capacity PCPUs, without the service console's minimum */
  constructor(readonly capacity: number) {}

  get free(): number {
    let sum = 0;
    for (const pcpus of this.#reserved.values()) sum += pcpus;
    return this.capacity - sum;
  }

  reservedBy(vmRow: number): number {
    return this.#reserved.get(vmRow) ?? 0;
  }

  /**
   * What the VM had reserved before is free for it.
   * @param min the VM's reservation, in PCPUs
   * @throws VmkernelError InsufficientCpu {neededPcpus, availablePcpus}
   */
  admit(vmRow: number, min: number, vcpus: number): void {
    const available = Math.min(this.free + this.reservedBy(vmRow), vcpus);
    if (min > available)
      throw new VmkernelError(
        'InsufficientCpu',
        `The VM reserves ${min.toFixed(2)} PCPUs; ${available.toFixed(2)} can be had`,
        { neededPcpus: min, availablePcpus: available },
      );
    this.#reserved.set(vmRow, min);
  }

  release(vmRow: number): void {
    this.#reserved.delete(vmRow);
  }
}
