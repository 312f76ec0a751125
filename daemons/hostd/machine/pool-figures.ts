import { emptySchedGroupFigures, GroupKind } from '../../../kernel/abi/index.js';
import { CpuRate } from './cpu-rate.js';
import type { FigureSources } from './host-figures.js';

const inUse = (generation: number): boolean => (generation & 1) === 1;

/** What resource pools use at this moment, from the VMkernel's shared memory. A rate is over the time since an earlier reading. */
export class PoolFigures {
  readonly #sources: FigureSources;
  readonly #rates = new Map<number, CpuRate>();

  constructor(sources: FigureSources) {
    this.#sources = sources;
  }

  /** PCPUs that what is in the pool, however deep, keeps busy; undefined where it is not known. */
  usedPcpus(poolId: number): number | undefined {
    const rows = this.#rows();
    for (const known of this.#rates.keys()) if (!rows.has(known)) this.#rates.delete(known);
    const row = rows.get(poolId);
    if (row === undefined) return undefined;
    const { host, sched } = this.#sources;
    const figures = emptySchedGroupFigures();
    const generation = host.group.generation(row);
    if (!sched.schedGroup.read(row, figures) || figures.generation !== generation) return undefined;
    const rate = this.#rates.get(poolId) ?? new CpuRate(host.hostControl.bootTimeUs());
    this.#rates.set(poolId, rate);
    const pcpus = rate.next({
      usedUs: new Map([[generation, figures.usedUs]]),
      takenUs: figures.takenUs,
    });
    return pcpus && Math.min(host.hostControl.pcpuCount(), pcpus);
  }

  /** Rows of the pools' groups by the pools' ids. */
  #rows(): ReadonlyMap<number, number> {
    const { group, hostControl } = this.#sources.host;
    const rows = Array.from({ length: hostControl.groupCount() }, (_, row) => row);
    return new Map(
      rows
        .filter(row => inUse(group.generation(row)) && group.kind(row) === GroupKind.pool)
        .map(row => [group.poolId(row), row]),
    );
  }
}
