import { emptyMemoryVmFigures, emptySchedWorldFigures } from '../../../kernel/abi/index.js';
import { CpuRate, type CpuSample } from './cpu-rate.js';
import type { FigureSources } from './host-figures.js';

/** What a running machine uses; undefined where it is not known. */
export interface VmUse {
  readonly pcpus: number | undefined;
  /** Frames of its memory and of its overhead. */
  readonly hostMemoryBytes: number | undefined;
}

const PAGE_BYTES = 4096;
const inUse = (generation: number): boolean => (generation & 1) === 1;

/** What machines use at this moment, from the VMkernel's shared memory. A rate is over the time since an earlier reading. */
export class VmFigures {
  readonly #sources: FigureSources;
  readonly #rates = new Map<number, CpuRate>();

  constructor(sources: FigureSources) {
    this.#sources = sources;
  }

  /** @param worldId of the machine; one that does not run uses nothing */
  use(worldId: number): VmUse | undefined {
    const rows = this.#rows();
    for (const known of this.#rates.keys()) if (!rows.has(known)) this.#rates.delete(known);
    const row = rows.get(worldId);
    if (row === undefined) return undefined;
    const { vm } = this.#sources.host;
    const now = this.#sample(row);
    const rate = this.#rates.get(worldId) ?? new CpuRate(vm.poweredOnUs(row));
    this.#rates.set(worldId, rate);
    // Its worlds ran before it was powered on: the first rate would be more than it has.
    const pcpus = now && rate.next(now);
    return { pcpus: pcpus && Math.min(vm.vcpus(row), pcpus), hostMemoryBytes: this.#memory(row) };
  }

  /** Rows of running machines by their world. */
  #rows(): ReadonlyMap<number, number> {
    const { vm, hostControl } = this.#sources.host;
    const rows = Array.from({ length: hostControl.vmCount() }, (_, row) => row);
    return new Map(rows.filter(row => inUse(vm.generation(row))).map(row => [vm.worldId(row), row]));
  }

  #sample(vmRow: number): CpuSample | undefined {
    const { host, sched } = this.#sources;
    const figures = emptySchedWorldFigures();
    const usedUs = new Map<number, number>();
    let takenUs = 0;
    for (let row = 0; row < host.hostControl.worldCount(); row++) {
      const generation = host.world.generation(row);
      if (!inUse(generation) || host.world.vmRow(row) !== vmRow) continue;
      if (!sched.schedWorld.read(row, figures) || figures.generation !== generation) continue;
      usedUs.set(row, figures.usedUs);
      takenUs = Math.max(takenUs, figures.takenUs);
    }
    return usedUs.size === 0 ? undefined : { usedUs, takenUs };
  }

  #memory(vmRow: number): number | undefined {
    const figures = emptyMemoryVmFigures();
    const isRead = this.#sources.memory.memoryVm.read(vmRow, figures);
    if (!isRead || figures.generation !== this.#sources.host.vm.generation(vmRow)) return undefined;
    return (figures.privatePages + figures.overheadPages) * PAGE_BYTES;
  }
}
