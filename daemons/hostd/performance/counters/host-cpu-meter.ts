import type { SchedPcpuFigures } from '../../../../kernel/abi/index.js';
import { cpuCounters, USAGE_OF_PCPU } from './cpu-counters.js';
import type { FigureTables } from './figure-tables.js';
import { GrowingRow, sumOf } from './growing-row.js';
import type { Meter, Tell } from './perf-counter.js';
import { Extremes } from './rate-family.js';
import { tellTime } from './vm-cpu-meter.js';

interface Pcpu {
  readonly row: GrowingRow<SchedPcpuFigures>;
  readonly used: Extremes;
}

/** The CPU counters of the host: of each PCPU, and of all together. */
export class HostCpuMeter implements Meter {
  readonly #tables: FigureTables;
  readonly #pcpus: readonly Pcpu[];
  readonly #used = new Extremes();

  constructor(tables: FigureTables) {
    this.#tables = tables;
    this.#pcpus = Array.from({ length: tables.pcpuCount }, (_, number) => ({
      row: new GrowingRow(() => tables.pcpu(number)),
      used: new Extremes(),
    }));
  }

  look(): void {
    for (const { row, used } of this.#pcpus) {
      row.look();
      used.note(whole(row.recentRate('usedUs')));
    }
    this.#used.note(sumOf(this.#pcpus.map(({ row }) => whole(row.recentRate('usedUs')))));
  }

  settle(tell: Tell): void {
    const { usage, usagemhz } = cpuCounters;
    const { pcpuMhz } = this.#tables;
    const mean = sumOf(this.#pcpus.map(({ row }) => whole(row.rate('usedUs'))));
    this.#used.settle(tell, usage, { instance: '', mean, scale: USAGE_OF_PCPU / this.#pcpus.length });
    this.#used.settle(tell, usagemhz, { instance: '', mean, scale: pcpuMhz });
    tell(cpuCounters.reservedCapacity, '', this.#tables.vmReservation() * pcpuMhz);
    this.#pcpus.forEach(({ row, used }, number) => {
      const instance = `${number}`;
      const mean = whole(row.rate('usedUs'));
      used.settle(tell, usage, { instance, mean, scale: USAGE_OF_PCPU });
      tellTime(tell, cpuCounters.used, instance, mean);
      tellTime(tell, cpuCounters.idle, instance, whole(row.rate('idleUs')));
    });
    for (const { row, used } of this.#pcpus) {
      row.restart();
      used.restart();
    }
    this.#used.restart();
  }
}

/** Linux counts a CPU's time in ticks of 10 ms: of a short while it may tell one too many. */
function whole(pcpus: number | undefined): number | undefined {
  return pcpus && Math.min(1, pcpus);
}
