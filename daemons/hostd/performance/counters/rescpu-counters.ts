import type { SchedGroupFigures } from '../../../../kernel/abi/index.js';
import type { FigureTables, RowOwner } from './figure-tables.js';
import { GrowingRow } from './growing-row.js';
import {
  type CounterGroup,
  counterAt,
  type Meter,
  type PerfCounter,
  type PerfEntity,
  type Tell,
} from './perf-counter.js';

const MINUTES = [1, 5, 15] as const;
type Minutes = (typeof MINUTES)[number];

/** In hundredths of a percent of one PCPU. */
const SCALE = 10_000;

function percent(place: number, name: string, label: string, summary: string): PerfCounter {
  const facts = { name, unit: 'percent', stats: 'absolute', label, summary } as const;
  return counterAt('rescpu', place, facts, { rollup: 'latest', level: 3 });
}

interface Windowed {
  readonly activeMean: PerfCounter;
  readonly activePeak: PerfCounter;
  readonly runMean: PerfCounter;
  readonly runPeak: PerfCounter;
  readonly limited: PerfCounter;
}

/** Places as a host has them: peaks of running and what was limited stand apart from the rest. */
const PLACES: Readonly<Record<Minutes, readonly [number, number, number, number, number]>> = {
  1: [0, 1, 2, 9, 10],
  5: [3, 4, 5, 11, 12],
  15: [6, 7, 8, 13, 14],
};

function windowed(minutes: Minutes): Windowed {
  const [actav, actpk, runav, runpk, limited] = PLACES[minutes];
  const over = `over ${minutes} minute${minutes === 1 ? '' : 's'}`;
  return {
    activeMean: percent(
      actav,
      `actav${minutes}`,
      `CPU Active ${minutes} Min Average`,
      `Running or ready, mean ${over}`,
    ),
    activePeak: percent(
      actpk,
      `actpk${minutes}`,
      `CPU Active ${minutes} Min Peak`,
      `Running or ready, peak ${over}`,
    ),
    runMean: percent(runav, `runav${minutes}`, `CPU Running ${minutes} Min Average`, `Running, mean ${over}`),
    runPeak: percent(runpk, `runpk${minutes}`, `CPU Running ${minutes} Min Peak`, `Running, peak ${over}`),
    limited: percent(
      limited,
      `maxLimited${minutes}`,
      `CPU Throttled ${minutes} Min Average`,
      `Ready and held by a limit, mean ${over}`,
    ),
  };
}

const windows: ReadonlyMap<Minutes, Windowed> = new Map(MINUTES.map(minutes => [minutes, windowed(minutes)]));

const sampleCount = counterAt(
  'rescpu',
  15,
  {
    name: 'sampleCount',
    unit: 'number',
    stats: 'absolute',
    label: 'Group CPU Sample Count',
    summary: 'Readings that the longest mean is made of',
  },
  { rollup: 'latest', level: 3 },
);
const samplePeriod = counterAt(
  'rescpu',
  16,
  {
    name: 'samplePeriod',
    unit: 'millisecond',
    stats: 'absolute',
    label: 'Group CPU Sample Period',
    summary: 'Time between two readings',
  },
  { rollup: 'latest', level: 3 },
);

export const allRescpuCounters: readonly PerfCounter[] = [
  ...[...windows.values()].flatMap(window => Object.values(window) as PerfCounter[]),
  sampleCount,
  samplePeriod,
].sort((a, b) => a.key - b.key);

/** What a resource group ran and wanted to run, as means and peaks over 1, 5 and 15 minutes, in percent of one PCPU. */
export class RescpuCounters implements CounterGroup {
  readonly #tables: FigureTables;
  readonly #periodMs: number;

  constructor(tables: FigureTables, periodMs: number) {
    this.#tables = tables;
    this.#periodMs = periodMs;
  }

  meter({ kind, id }: PerfEntity): Meter | undefined {
    if (kind === 'pool') return undefined;
    const group = (owner: () => RowOwner | undefined): GrowingRow<SchedGroupFigures> =>
      new GrowingRow(() => figuresOf(this.#tables, owner()));
    if (kind === 'vm')
      return new RescpuMeter(
        group(() => this.#tables.vm(id)?.group),
        this.#periodMs,
      );
    const idle = group(() => this.#tables.idle());
    return new RescpuMeter(
      group(() => this.#tables.root()),
      this.#periodMs,
      idle,
    );
  }
}

function figuresOf(tables: FigureTables, owner: RowOwner | undefined): SchedGroupFigures | undefined {
  return owner && tables.group(owner);
}

class RescpuMeter implements Meter {
  readonly #group: GrowingRow<SchedGroupFigures>;
  readonly #idle: GrowingRow<SchedGroupFigures> | undefined;
  readonly #periodMs: number;
  readonly #run: Readings;
  readonly #active: Readings;
  readonly #limited: Readings;

  /** @param idle a group below `group` that is no work */
  constructor(group: GrowingRow<SchedGroupFigures>, periodMs: number, idle?: GrowingRow<SchedGroupFigures>) {
    this.#group = group;
    this.#idle = idle;
    this.#periodMs = periodMs;
    const count = (Math.max(...MINUTES) * 60_000) / periodMs;
    this.#run = new Readings(count);
    this.#active = new Readings(count);
    this.#limited = new Readings(count);
  }

  look(): void {
    this.#group.look();
    this.#idle?.look();
    const run = this.#rate('runUs');
    const ready = this.#rate('readyUs');
    const limited = this.#rate('limitedUs');
    if (run === undefined || ready === undefined || limited === undefined) return;
    this.#run.push(run);
    this.#active.push(run + ready);
    this.#limited.push(limited);
  }

  settle(tell: Tell): void {
    if (this.#run.count === 0) return;
    for (const [minutes, counters] of windows) {
      const newest = (minutes * 60_000) / this.#periodMs;
      tell(counters.activeMean, '', this.#active.mean(newest) * SCALE);
      tell(counters.activePeak, '', this.#active.peak(newest) * SCALE);
      tell(counters.runMean, '', this.#run.mean(newest) * SCALE);
      tell(counters.runPeak, '', this.#run.peak(newest) * SCALE);
      tell(counters.limited, '', this.#limited.mean(newest) * SCALE);
    }
    tell(sampleCount, '', this.#run.count);
    tell(samplePeriod, '', this.#periodMs);
  }

  #rate(field: 'runUs' | 'readyUs' | 'limitedUs'): number | undefined {
    const all = this.#group.recentRate(field);
    return all && Math.max(0, all - (this.#idle?.recentRate(field) ?? 0));
  }
}

/** The newest rates; until there are as many as a mean is over it is over those there are. */
class Readings {
  readonly #rates: Float32Array;
  #pushed = 0;

  constructor(count: number) {
    this.#rates = new Float32Array(count);
  }

  get count(): number {
    return Math.min(this.#pushed, this.#rates.length);
  }

  push(rate: number): void {
    this.#rates[this.#pushed++ % this.#rates.length] = rate;
  }

  mean(newest: number): number {
    let sum = 0;
    for (const rate of this.#newest(newest)) sum += rate;
    return sum / Math.min(newest, this.count);
  }

  peak(newest: number): number {
    let peak = 0;
    for (const rate of this.#newest(newest)) peak = Math.max(peak, rate);
    return peak;
  }

  *#newest(count: number): Iterable<number> {
    for (let back = 1; back <= Math.min(count, this.count); back++)
      yield this.#rates[(this.#pushed - back) % this.#rates.length] ?? 0;
  }
}
