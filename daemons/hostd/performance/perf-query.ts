import type {
  PerfEntityMetric,
  PerfEntityMetricBase,
  PerfEntityMetricCSV,
  PerfMetricId,
  PerfMetricIntSeries,
  PerfMetricSeriesCSV,
  PerfQuerySpec,
} from '../../../lib/vim/index.js';
import { invalidArgument } from '../../../lib/vim-server/index.js';
import { perfCounters } from './counters/index.js';
import { type EntitySamples, pastDay, realTime } from './perf-sampler.js';
import type { PerfSamples, Series } from './perf-samples.js';

const SECOND_MS = 1000;
const knownKeys: ReadonlySet<number> = new Set(perfCounters.map(({ key }) => key));

/** Whether the spec asks for a list of texts instead of numbers. @throws VimFault InvalidArgument */
function isCsv({ format = 'normal' }: PerfQuerySpec): boolean {
  if (format !== 'normal' && format !== 'csv') throw invalidArgument('querySpec.format');
  return format === 'csv';
}

/** Refuses what no entity could answer. @throws VimFault InvalidArgument, naming the field */
export function checkSpec(spec: PerfQuerySpec): void {
  isCsv(spec);
  checkInterval(spec.intervalId, 'querySpec.interval');
  if (spec.maxSample !== undefined && spec.maxSample < 1) throw invalidArgument('querySpec.maxSample');
  checkTimes(spec.startTime, spec.endTime, 'querySpec.startTime, querySpec.endTime');
  if ((spec.metricId ?? []).some(({ counterId }) => !knownKeys.has(counterId)))
    throw invalidArgument('querySpec.metricId');
}

export function checkInterval(intervalId: number | undefined, property: string): void {
  const known = [realTime, pastDay].map(({ periodMs }) => periodMs / SECOND_MS);
  if (intervalId !== undefined && !known.includes(intervalId)) throw invalidArgument(property);
}

export function checkTimes(start: Date | undefined, end: Date | undefined, property: string): void {
  if (start !== undefined && end !== undefined && start >= end) throw invalidArgument(property);
}

/** Real-time samples unless the past day's are asked for. */
export function samplesOf(kept: EntitySamples, intervalId: number | undefined): PerfSamples {
  return intervalId === pastDay.periodMs / SECOND_MS ? kept.pastDay : kept.realTime;
}

/**
 * What an entity's samples say to a spec that was checked: those after startTime up to endTime, of these the newest
 * maxSample (which counts for real time alone, as the API has it).
 */
export function answer(spec: PerfQuerySpec, kept: EntitySamples | undefined): PerfEntityMetricBase {
  const samples = kept && samplesOf(kept, spec.intervalId);
  const found = samples === undefined ? [] : numbersIn(samples, spec);
  const series = samples === undefined ? [] : wanted(samples, spec.metricId);
  const values = (one: Series): number[] => found.map(number => samples?.valueAt(one, number) ?? -1);
  const { periodMs } = samples?.shape ?? realTime;
  const interval = periodMs / SECOND_MS;
  const times = found.map(number => new Date(number * periodMs));
  const shown = series.map(one => ({ id: idOf(one), values: values(one) })).filter(hasValues);
  const { entity } = spec;
  if (isCsv(spec)) {
    const result: PerfEntityMetricCSV = {
      _type: 'PerfEntityMetricCSV',
      entity,
      sampleInfoCSV: times.map(time => `${interval},${isoSeconds(time)}`).join(','),
      value: shown.map(one => ({ id: one.id, value: one.values.join(',') }) satisfies PerfMetricSeriesCSV),
    };
    return result;
  }
  const result: PerfEntityMetric = {
    _type: 'PerfEntityMetric',
    entity,
    sampleInfo: times.map(timestamp => ({ timestamp, interval })),
    value: shown.map(
      one => ({ _type: 'PerfMetricIntSeries', id: one.id, value: one.values }) satisfies PerfMetricIntSeries,
    ),
  };
  return result;
}

/** How many numbers an answer to a spec holds at most. */
export function valuesAsked(spec: PerfQuerySpec, kept: EntitySamples | undefined): number {
  if (kept === undefined) return 0;
  const samples = samplesOf(kept, spec.intervalId);
  return numbersIn(samples, spec).length * wanted(samples, spec.metricId).length;
}

/** Counters and instances of which samples tell something in a time. */
export function available(
  kept: EntitySamples,
  asked: Pick<PerfQuerySpec, 'startTime' | 'endTime' | 'intervalId'>,
): PerfMetricId[] {
  const samples = samplesOf(kept, asked.intervalId);
  const found = numbersIn(samples, asked);
  return [...samples.all()]
    .filter(one => found.some(number => samples.valueAt(one, number) >= 0))
    .map(idOf)
    .sort((a, b) => a.counterId - b.counterId || a.instance.localeCompare(b.instance));
}

const idOf = ({ counter, instance }: Series): PerfMetricId => ({ counterId: counter.key, instance });
const hasValues = ({ values }: { readonly values: readonly number[] }): boolean =>
  values.some(value => value >= 0);

function numbersIn(
  samples: PerfSamples,
  { startTime, endTime, maxSample, intervalId }: Omit<PerfQuerySpec, 'entity'>,
): number[] {
  const { periodMs, count } = samples.shape;
  const after = startTime === undefined ? -1 : Math.floor(startTime.getTime() / periodMs);
  const last = endTime === undefined ? Number.POSITIVE_INFINITY : Math.floor(endTime.getTime() / periodMs);
  const isPast = intervalId === pastDay.periodMs / SECOND_MS;
  return samples.numbers(after, last).slice(-(isPast ? count : (maxSample ?? count)));
}

/** All of the entity's where none are named; `*` names every instance but the entity as a whole. */
function wanted(samples: PerfSamples, metrics: readonly PerfMetricId[] | undefined): Series[] {
  const all = [...samples.all()];
  if (metrics === undefined || metrics.length === 0) return all;
  const found = metrics.flatMap(({ counterId, instance }) =>
    instance === '*'
      ? all.filter(one => one.counter.key === counterId && one.instance !== '')
      : (samples.find(counterId, instance) ?? []),
  );
  return [...new Set(found)];
}

/** `2008-11-21T23:30:20Z` */
const isoSeconds = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');
