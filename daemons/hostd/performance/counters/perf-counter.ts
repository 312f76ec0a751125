import type {
  ElementDescription,
  ManagedObjectReference,
  PerfCounterInfo,
  PerformanceManagerUnit,
  PerfStatsType,
  PerfSummaryType,
} from '../../../../lib/vim/index.js';

/** Groups in the product's order: a counter's key is `position of the group << 16 | place in the group`. */
const GROUPS = ['cpu', 'mem', 'disk', 'net', 'sys', 'rescpu'] as const;
export type PerfGroup = (typeof GROUPS)[number];

const GROUP_LABELS: Readonly<Record<PerfGroup, string>> = {
  cpu: 'CPU',
  mem: 'Memory',
  disk: 'Disk',
  net: 'Network',
  sys: 'System',
  rescpu: 'Resource group CPU',
};

const UNIT_LABELS: Partial<Record<PerformanceManagerUnit, readonly [label: string, summary: string]>> = {
  percent: ['Percent', 'Hundredths of a percent'],
  megaHertz: ['MHz', 'Megahertz'],
  millisecond: ['Millisecond', 'Millisecond'],
  second: ['Second', 'Second'],
  number: ['Number', 'Number'],
};

/** What rollups and kinds of statistics are called. */
export const ROLLUP_LABELS: Readonly<Record<PerfSummaryType, string>> = {
  average: 'Average',
  maximum: 'Maximum',
  minimum: 'Minimum',
  latest: 'Latest',
  summation: 'Summation',
  none: 'None',
};

export interface CounterFacts {
  readonly name: string;
  readonly unit: PerformanceManagerUnit;
  readonly stats: PerfStatsType;
  readonly label: string;
  readonly summary: string;
}

/** A counter of PerformanceManager. */
export interface PerfCounter extends CounterFacts {
  readonly key: number;
  readonly group: PerfGroup;
  readonly rollup: PerfSummaryType;
  /** From which level of statistics on it is collected. */
  readonly level: number;
}

/** A counter at its place in its group. */
export function counterAt(
  group: PerfGroup,
  place: number,
  facts: CounterFacts,
  { rollup, level }: Pick<PerfCounter, 'rollup' | 'level'>,
): PerfCounter {
  return { ...facts, key: (GROUPS.indexOf(group) << 16) | place, group, rollup, level };
}

export function counterInfo(counter: PerfCounter): PerfCounterInfo {
  const { key, group, name, unit, rollup, stats, level, label, summary } = counter;
  const [unitLabel = unit, unitSummary = unit] = UNIT_LABELS[unit] ?? [];
  return {
    key,
    nameInfo: description(name, `${label} (${ROLLUP_LABELS[rollup]})`, summary),
    groupInfo: description(group, GROUP_LABELS[group]),
    unitInfo: description(unit, unitLabel, unitSummary),
    rollupType: rollup,
    statsType: stats,
    level,
  };
}

export function description(key: string, label: string, summary = label): ElementDescription {
  return { key, label, summary };
}

/** What is measured: the host, a machine that runs, a resource pool. */
export interface PerfEntity {
  readonly ref: ManagedObjectReference;
  readonly kind: 'host' | 'vm' | 'pool';
  /** Of a machine the id of its world, of a pool its poolId; the host's is 0. */
  readonly id: number;
}

/** Takes a value of an interval: whole numbers in the counter's unit. @param instance '' for the entity as a whole */
export type Tell = (counter: PerfCounter, instance: string, value: number) => void;

/** Measures one entity for one group of counters. */
export interface Meter {
  /** Looks at the figures, several times an interval. */
  look(): void;
  /** An interval is over: tells what it came to, and the next one begins. */
  settle(tell: Tell): void;
}

/** What measures the counters of a group. */
export interface CounterGroup {
  /** Undefined for an entity of which nothing here is measured. */
  meter(entity: PerfEntity): Meter | undefined;
}
