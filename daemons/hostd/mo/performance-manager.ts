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

export interface PerformanceManagerDependencies {
  readonly sampler: PerfSampler;
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

  query(spec: PerfQuerySpec): PerfEntityMetricBase {
    this.requireProvider(spec.entity, 'querySpec.entity');
    checkSpec(spec);
    return answer(spec, this.#dependencies.sampler.samples(spec.entity.value));
  }

  /** The host and each of its machines, by one spec. */
  composite(spec: PerfQuerySpec): PerfCompositeMetric {
    const entity = this.query(spec);
    if (spec.entity.type !== 'HostSystem') throw invalidArgument('querySpec.entity');
    if (spec.maxSample !== undefined) throw invalidArgument('querySpec.maxSample');
    return { entity, childEntity: this.#dependencies.vms().map(vm => this.query({ ...spec, entity: vm })) };
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
      QueryPerf: (manager, { querySpec }) => querySpec.map(spec => manager.query(spec)),
      QueryPerfComposite: (manager, { querySpec }) => manager.composite(querySpec),
    },
  },
);
