import { VmkernelError } from '../abi/index.js';

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

  /**
   * @param min the VM's reservation, in PCPUs
   * @throws VmkernelError InsufficientCpu {neededPcpus, availablePcpus}
   */
  admit(vmRow: number, min: number, vcpus: number): void {
    const available = Math.min(this.free, vcpus);
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
