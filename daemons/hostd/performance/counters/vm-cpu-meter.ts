import type { SchedGroupFigures, SchedWorldFigures } from '../../../../kernel/abi/index.js';
import { emptySchedWorldFigures } from '../../../../kernel/abi/index.js';
import { cpuCounters, SAMPLE_MS, USAGE_OF_PCPU } from './cpu-counters.js';
import { type FigureTables, isVcpu, type VmRows } from './figure-tables.js';
import { GrowingRow, sumOf } from './growing-row.js';
import type { Meter, PerfCounter, Tell } from './perf-counter.js';
import { Extremes } from './rate-family.js';

type WorldTime = 'usedUs' | 'systemUs' | 'waitUs' | 'readyUs' | 'idleUs';

const worldTimes: readonly (readonly [counter: PerfCounter, field: WorldTime])[] = [
  [cpuCounters.used, 'usedUs'],
  [cpuCounters.system, 'systemUs'],
  [cpuCounters.wait, 'waitUs'],
  [cpuCounters.ready, 'readyUs'],
  [cpuCounters.idle, 'idleUs'],
];

/** The CPU counters of a machine: of each virtual CPU, and of all worlds of the machine together, as esxtop's group is. */
export class VmCpuMeter implements Meter {
  readonly #tables: FigureTables;
  readonly #worldId: number;
  #rows: VmRows | undefined;
  #worlds: GrowingRow<SchedWorldFigures>[] = [];
  #vcpus: GrowingRow<SchedWorldFigures>[] = [];
  #group: GrowingRow<SchedGroupFigures> | undefined;
  readonly #used = new Extremes();

  constructor(tables: FigureTables, worldId: number) {
    this.#tables = tables;
    this.#worldId = worldId;
  }

  look(): void {
    this.#follow(this.#tables.vm(this.#worldId));
    for (const world of this.#worlds) world.look();
    this.#group?.look();
    this.#used.note(sumOf(this.#worlds.map(world => world.recentRate('usedUs'))));
  }

  settle(tell: Tell): void {
    this.#tellUsage(tell);
    for (const [counter, field] of worldTimes) {
      this.#vcpus.forEach((vcpu, number) => {
        tellTime(tell, counter, `${number}`, vcpu.rate(field));
      });
      tellTime(tell, counter, '', sumOf(this.#worlds.map(world => world.rate(field))));
    }
    tellTime(tell, cpuCounters.extra, '', this.#group?.rate('extraUs'));
    tellTime(tell, cpuCounters.guaranteed, '', this.#group?.latest?.guaranteed);
    for (const world of this.#worlds) world.restart();
    this.#group?.restart();
    this.#used.restart();
  }

  #tellUsage(tell: Tell): void {
    const mean = sumOf(this.#worlds.map(world => world.rate('usedUs')));
    const scale = USAGE_OF_PCPU / Math.max(1, this.#vcpus.length);
    this.#used.settle(tell, cpuCounters.usage, { instance: '', mean, scale });
    this.#used.settle(tell, cpuCounters.usagemhz, { instance: '', mean, scale: this.#tables.pcpuMhz });
    this.#vcpus.forEach((vcpu, number) => {
      const used = vcpu.rate('usedUs');
      if (used !== undefined) tell(cpuCounters.usagemhz.average, `${number}`, used * this.#tables.pcpuMhz);
    });
  }

  /** A machine's worlds come while it powers on. */
  #follow(rows: VmRows | undefined): void {
    if (rows === this.#rows) return;
    const known = new Map((this.#rows?.worlds ?? []).map((world, at) => [keyOf(world), this.#worlds[at]]));
    const worlds = rows?.worlds ?? [];
    const isFirst = this.#rows === undefined;
    this.#worlds = worlds.map(world => {
      const read = (): SchedWorldFigures | undefined => this.#tables.world(world);
      return known.get(keyOf(world)) ?? new GrowingRow(read, isFirst ? undefined : unborn(read()));
    });
    this.#vcpus = this.#worlds.filter((_, at) => worlds[at] !== undefined && isVcpu(worlds[at]));
    if (rows === undefined || rows.group.generation !== this.#rows?.group.generation) {
      this.#group = rows && new GrowingRow(() => this.#tables.group(rows.group));
    }
    this.#rows = rows;
  }
}

const keyOf = ({ row, generation }: { row: number; generation: number }): string => `${row}:${generation}`;

/** What came after the first look counts from its creation. */
function unborn(figures: SchedWorldFigures | undefined): SchedWorldFigures | undefined {
  return figures && { ...emptySchedWorldFigures(), takenUs: figures.createdUs };
}

/** @param pcpus share of the interval, in PCPUs */
export function tellTime(
  tell: Tell,
  counter: PerfCounter,
  instance: string,
  pcpus: number | undefined,
): void {
  if (pcpus !== undefined) tell(counter, instance, pcpus * SAMPLE_MS);
}
