import type { SchedGroupFigures } from '../../../../kernel/abi/index.js';
import { cpuCounters } from './cpu-counters.js';
import type { FigureTables, RowOwner } from './figure-tables.js';
import { GrowingRow } from './growing-row.js';
import type { Meter, Tell } from './perf-counter.js';
import { Extremes } from './rate-family.js';

/** What a resource pool and all below it used. */
export class PoolCpuMeter implements Meter {
  readonly #tables: FigureTables;
  readonly #poolId: number;
  readonly #used = new Extremes();
  #owner: RowOwner | undefined;
  #group: GrowingRow<SchedGroupFigures> | undefined;

  constructor(tables: FigureTables, poolId: number) {
    this.#tables = tables;
    this.#poolId = poolId;
  }

  look(): void {
    const owner = this.#tables.pool(this.#poolId);
    if (owner?.row !== this.#owner?.row || owner?.generation !== this.#owner?.generation) {
      this.#group = owner && new GrowingRow(() => this.#tables.group(owner));
      this.#owner = owner;
    }
    this.#group?.look();
    this.#used.note(this.#group?.recentRate('usedUs'));
  }

  settle(tell: Tell): void {
    const mean = this.#group?.rate('usedUs');
    this.#used.settle(tell, cpuCounters.usagemhz, { instance: '', mean, scale: this.#tables.pcpuMhz });
    this.#group?.restart();
    this.#used.restart();
  }
}
