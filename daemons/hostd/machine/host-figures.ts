import {
  emptyMemoryControlFigures,
  emptySchedPcpuFigures,
  type HostFile,
  type MemoryFile,
  type SchedFile,
} from '../../../kernel/abi/index.js';

/** The VMkernel's shared memory; kernel/client's Statistics is one. */
export interface FigureSources {
  readonly host: HostFile;
  readonly sched: SchedFile;
  readonly memory: MemoryFile;
}

interface CpuSample {
  readonly usedUs: number;
  readonly takenUs: number;
}

const PAGE_BYTES = 4096;
/** Rates are over at least this long, so that many readers do not make them jump. */
const SHORTEST_RATE_US = 1_000_000;

/**
 * What a host uses at this moment, from the VMkernel's shared memory. A CPU rate is over the time since an earlier
 * reading; the first is over the time since boot. Undefined where the writer was busy.
 */
export class HostFigures {
  readonly #sources: FigureSources;
  #older: CpuSample;
  #newer: CpuSample;

  constructor(sources: FigureSources) {
    this.#sources = sources;
    this.#older = { usedUs: 0, takenUs: sources.host.hostControl.bootTimeUs() };
    this.#newer = this.#older;
  }

  /** PCPUs that worlds keep busy: 0 to the number of PCPUs. */
  usedPcpus(): number | undefined {
    const now = this.#sampleCpu();
    if (now === undefined) return undefined;
    if (now.takenUs - this.#newer.takenUs >= SHORTEST_RATE_US) {
      this.#older = this.#newer;
      this.#newer = now;
    }
    const overUs = now.takenUs - this.#older.takenUs;
    if (overUs <= 0) return undefined;
    return Math.min(this.#pcpuCount, Math.max(0, (now.usedUs - this.#older.usedUs) / overUs));
  }

  usedMemoryBytes(): number | undefined {
    const figures = this.#memory();
    return figures && (figures.totalPages - figures.freePages) * PAGE_BYTES;
  }

  freeMemoryBytes(): number | undefined {
    const figures = this.#memory();
    return figures && figures.freePages * PAGE_BYTES;
  }

  get consoleMemoryBytes(): number {
    return this.#sources.host.hostControl.consoleMemoryMb() * 2 ** 20;
  }

  get #pcpuCount(): number {
    return this.#sources.host.hostControl.pcpuCount();
  }

  #memory() {
    const figures = emptyMemoryControlFigures();
    return this.#sources.memory.memoryControl.read(figures) ? figures : undefined;
  }

  #sampleCpu(): CpuSample | undefined {
    const figures = emptySchedPcpuFigures();
    let [usedUs, takenUs] = [0, 0];
    for (let pcpu = 0; pcpu < this.#pcpuCount; pcpu++) {
      if (!this.#sources.sched.schedPcpu.read(pcpu, figures)) return undefined;
      usedUs += figures.usedUs;
      takenUs = Math.max(takenUs, figures.takenUs);
    }
    return { usedUs, takenUs };
  }
}
