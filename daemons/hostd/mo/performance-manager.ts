import type {
  ManagedObjectReference,
  PerfCompositeMetric,
  PerfCounterInfo,
  PerfEntityMetricBase,
  PerfInterval,
  PerfMetricId,
  PerformanceDescription,
  PerfProviderSummary,
  PerfQuerySpec,
  PerfStatsType,
  PerfSummaryType,
} from '../../../lib/vim/index.js';
import {
  defineClass,
  FairTurn,
  invalidArgument,
  type ManagedObject,
  managedObjectNotFound,
  type ObjectClass,
} from '../../../lib/vim-server/index.js';
import {
  answer,
  available,
  checkInterval,
  checkSpec,
  checkTimes,
  counterInfo,
  description,
  PAST_DAY_LEVEL,
  type PerfSampler,
  pastDay,
  perfCounters,
  ROLLUP_LABELS,
  realTime,
  valuesAsked,
} from '../performance/index.js';
import { moids } from './moids.js';

const statsLabels: Readonly<Record<PerfStatsType, string>> = {
  absolute: 'Absolute',
  delta: 'Delta',
  rate: 'Rate',
};

/** Types of entities that tell statistics. */
const providers: ReadonlySet<string> = new Set(['HostSystem', 'ResourcePool', 'VirtualMachine']);
const LEVELS = 4;
/**
 * What one call may ask for: an hour of every counter of 128 machines is half of it. More would keep everybody else
 * waiting while the answer is written.
 */
const MAX_VALUES = 1_000_000;
/** What a spec takes to answer, however little it finds. */
const VALUES_A_SPEC = 50;

export interface PerformanceManagerDependencies {
  readonly sampler: Pick<PerfSampler, 'samples'>;
  find(moid: string): ManagedObject | undefined;
  /** All machines of the host. */
  vms(): readonly ManagedObjectReference[];
}

/** Tells what the host, its machines and pools used over the past hour, and over the past day in less detail. */
export class PerformanceManager implements ManagedObject {
  readonly ref = moids.perfManager;
  readonly objectClass: ObjectClass = performanceManagerClass;
  readonly #dependencies: PerformanceManagerDependencies;

  constructor(dependencies: PerformanceManagerDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws VimFault ManagedObjectNotFound; InvalidArgument for an object that has no statistics */
  requireProvider(entity: ManagedObjectReference, property: string): void {
    if (this.#dependencies.find(entity.value)?.ref.type !== entity.type) throw managedObjectNotFound(entity);
    if (!providers.has(entity.type)) throw invalidArgument(property);
  }

  /** Others have their turns meanwhile. @throws VimFault InvalidArgument, also for more values than anybody reads */
  async query(specs: readonly PerfQuerySpec[]): Promise<PerfEntityMetricBase[]> {
    for (const spec of specs) {
      this.requireProvider(spec.entity, 'querySpec.entity');
      checkSpec(spec);
    }
    const turn = new FairTurn();
    const answers: PerfEntityMetricBase[] = [];
    let room = MAX_VALUES;
    for (const spec of specs) {
      const kept = this.#dependencies.sampler.samples(spec.entity.value);
      room -= VALUES_A_SPEC + valuesAsked(spec, kept);
      if (room < 0) throw invalidArgument('querySpec');
      answers.push(answer(spec, kept));
      if (turn.isLong) await turn.yield();
    }
    return answers;
  }

  /** The host and each of its machines, by one spec. */
  async composite(spec: PerfQuerySpec): Promise<PerfCompositeMetric> {
    this.requireProvider(spec.entity, 'querySpec.entity');
    checkSpec(spec);
    if (spec.entity.type !== 'HostSystem') throw invalidArgument('querySpec.entity');
    if (spec.maxSample !== undefined) throw invalidArgument('querySpec.maxSample');
    const vms = this.#dependencies.vms().map(entity => ({ ...spec, entity }));
    const [entity, ...childEntity] = await this.query([spec, ...vms]);
    if (entity === undefined) throw new Error('a spec has no answer');
    return { entity, childEntity };
  }

  metrics(spec: Pick<PerfQuerySpec, 'entity' | 'startTime' | 'endTime' | 'intervalId'>): PerfMetricId[] {
    this.requireProvider(spec.entity, 'entity');
    checkInterval(spec.intervalId, 'intervalId');
    checkTimes(spec.startTime, spec.endTime, 'beginTime, endTime');
    const kept = this.#dependencies.sampler.samples(spec.entity.value);
    return kept === undefined ? [] : available(kept, spec);
  }
}

const infos: readonly PerfCounterInfo[] = perfCounters.map(counterInfo);

function infoOf(counterId: number): PerfCounterInfo {
  const found = infos.find(({ key }) => key === counterId);
  if (found === undefined) throw invalidArgument('counterId');
  return found;
}

function summary(entity: ManagedObjectReference): PerfProviderSummary {
  return {
    entity,
    currentSupported: true,
    summarySupported: true,
    refreshRate: realTime.periodMs / 1000,
  };
}

const historicalInterval: readonly PerfInterval[] = [
  {
    key: 1,
    samplingPeriod: pastDay.periodMs / 1000,
    name: 'PastDay',
    length: (pastDay.periodMs / 1000) * pastDay.count,
    level: PAST_DAY_LEVEL,
    enabled: true,
  },
];

function words(): PerformanceDescription {
  const rollups = Object.entries(ROLLUP_LABELS) as [PerfSummaryType, string][];
  const stats = Object.entries(statsLabels) as [PerfStatsType, string][];
  return {
    counterType: rollups.map(([key, label]) => description(key, label)),
    statsType: stats.map(([key, label]) => description(key, label)),
  };
}

/** Intervals are the host's own: to make, change or drop them is VirtualCenter's. */
export const performanceManagerClass: ObjectClass = defineClass<'PerformanceManager', PerformanceManager>(
  'PerformanceManager',
  {
    properties: {
      description: words,
      historicalInterval: () => [...historicalInterval],
      perfCounter: () => [...infos],
    },
    methods: {
      QueryPerfProviderSummary: (manager, { entity }) => {
        manager.requireProvider(entity, 'entity');
        return summary(entity);
      },
      QueryAvailablePerfMetric: (manager, { entity, beginTime, endTime, intervalId }) => {
        return manager.metrics({ entity, startTime: beginTime, endTime, intervalId });
      },
      QueryPerfCounter: (_, { counterId }) => counterId.map(infoOf),
      QueryPerfCounterByLevel: (_, { level }) => {
        if (level < 1 || level > LEVELS) throw invalidArgument('level');
        return infos.filter(info => (info.level ?? LEVELS) <= level);
      },
      QueryPerf: (manager, { querySpec }) => manager.query(querySpec),
      QueryPerfComposite: (manager, { querySpec }) => manager.composite(querySpec),
    },
  },
);
