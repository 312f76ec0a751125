import {
  emptyMemoryControlFigures,
  emptySchedPcpuFigures,
  emptySchedWorldFigures,
  GroupKind,
  type HostFile,
  type MemoryFile,
  type SchedFile,
} from '../../../kernel/abi/index.js';
import { CpuRate, type CpuSample } from './cpu-rate.js';

/** The VMkernel's shared memory; kernel/client's Statistics is one. */
export interface FigureSources {
  readonly host: HostFile;
  readonly sched: SchedFile;
  readonly memory: MemoryFile;
}

/** A group of worlds and what it is given of the CPUs. */
export interface CpuGroup {
  readonly name: string;
  readonly kind: number;
  readonly parentRow: number;
  readonly row: number;
  readonly shares: number;
  /** In PCPUs. */
  readonly reservation: number;
  /** In PCPUs; -1 = none. */
  readonly limit: number;
}

const PAGE_BYTES = 4096;
const inUse = (generation: number): boolean => (generation & 1) === 1;

/**
 * What a host uses at this moment, from the VMkernel's shared memory; CPUs in PCPUs. A rate is over the time since an
 * earlier reading. Undefined where the writer was busy.
 */
export class HostFigures {
  readonly #sources: FigureSources;
  readonly #hostRate: CpuRate;
  readonly #vmRate: CpuRate;

  constructor(sources: FigureSources) {
    this.#sources = sources;
    const bootTimeUs = sources.host.hostControl.bootTimeUs();
    this.#hostRate = new CpuRate(bootTimeUs);
    this.#vmRate = new CpuRate(bootTimeUs);
  }

  /** PCPUs that worlds keep busy. */
  usedPcpus(): number | undefined {
    const now = this.#samplePcpus();
    return now && this.#bounded(this.#hostRate.next(now));
  }

  /** PCPUs that virtual machines keep busy. */
  vmPcpus(): number | undefined {
    const now = this.#sampleVms();
    return now === undefined ? 0 : this.#bounded(this.#vmRate.next(now));
  }

  /** PCPUs that can be reserved for virtual machines. */
  get vmCapacityPcpus(): number {
    const kept = this.groups().find(group => group.kind === GroupKind.console)?.reservation ?? 0;
    return this.#pcpuCount - kept;
  }

  /** All of the machine's memory that is not free: VMkernel, service console and virtual machines. */
  usedMemoryBytes(): number | undefined {
    const figures = this.#memory();
    return figures && (figures.totalPages - figures.freePages) * PAGE_BYTES;
  }

  freeMemoryBytes(): number | undefined {
    const figures = this.#memory();
    return figures && figures.freePages * PAGE_BYTES;
  }

  /** Memory of virtual machines: what there is for them, what they use, and what of that is overhead. */
  vmMemory(): { capacityBytes: number; usedBytes: number; overheadBytes: number } | undefined {
    const figures = this.#memory();
    if (figures === undefined) return undefined;
    return {
      capacityBytes: (figures.totalPages - figures.kernelPages) * PAGE_BYTES,
      usedBytes: (figures.guestPages + figures.overheadPages) * PAGE_BYTES,
      overheadBytes: figures.overheadPages * PAGE_BYTES,
    };
  }

  get consoleMemoryBytes(): number {
    return this.#sources.host.hostControl.consoleMemoryMb() * 2 ** 20;
  }

  groups(): CpuGroup[] {
    const { group, hostControl } = this.#sources.host;
    const rows = Array.from({ length: hostControl.groupCount() }, (_, row) => row);
    return rows
      .filter(row => inUse(group.generation(row)))
      .map(row => ({
        row,
        name: group.name(row),
        kind: group.kind(row),
        parentRow: group.parentRow(row),
        shares: group.cpuShares(row),
        reservation: group.cpuMin(row),
        limit: group.cpuMax(row),
      }));
  }

  get #pcpuCount(): number {
    return this.#sources.host.hostControl.pcpuCount();
  }

  #bounded(pcpus: number | undefined): number | undefined {
    return pcpus && Math.min(this.#pcpuCount, pcpus);
  }

  #memory() {
    const figures = emptyMemoryControlFigures();
    return this.#sources.memory.memoryControl.read(figures) ? figures : undefined;
  }

  #samplePcpus(): CpuSample | undefined {
    const figures = emptySchedPcpuFigures();
    const usedUs = new Map<number, number>();
    let takenUs = 0;
    for (let pcpu = 0; pcpu < this.#pcpuCount; pcpu++) {
      if (!this.#sources.sched.schedPcpu.read(pcpu, figures)) return undefined;
      usedUs.set(pcpu, figures.usedUs);
      takenUs = Math.max(takenUs, figures.takenUs);
    }
    return { usedUs, takenUs };
  }

  /** Undefined where no machine runs. */
  #sampleVms(): CpuSample | undefined {
    const { host, sched } = this.#sources;
    const figures = emptySchedWorldFigures();
    const usedUs = new Map<string, number>();
    let takenUs = 0;
    for (let row = 0; row < host.hostControl.worldCount(); row++) {
      const generation = host.world.generation(row);
      if (!inUse(generation) || host.world.vmRow(row) === -1) continue;
      if (!sched.schedWorld.read(row, figures) || figures.generation !== generation) continue;
      usedUs.set(`${row}:${generation}`, figures.usedUs);
      takenUs = Math.max(takenUs, figures.takenUs);
    }
    return usedUs.size === 0 ? undefined : { usedUs, takenUs };
  }
}
