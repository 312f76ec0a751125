/**
 * Performance statistics of the host, its machines and pools: measured from the VMkernel's shared memory, kept for a
 * while, asked for through PerformanceManager.
 *
 *   counters/           what counters there are and what measures each
 *   perf-samples.ts     an entity's newest samples, in a bounded ring of typed arrays
 *   perf-sampler.ts     measures all entities; sampling-clock.ts tells it when
 *   perf-query.ts       what a PerfQuerySpec asks of the samples
 *
 * Invariants: samples end at whole multiples of their period by the wall clock; a sample is of a whole interval or is
 * not there; what is not measured has no counter; the memory of an entity is bounded by its counters and instances.
 */
export { counterInfo, description, type PerfEntity, perfCounters, ROLLUP_LABELS } from './counters/index.js';
export { answer, available, checkInterval, checkSpec, checkTimes, valuesAsked } from './perf-query.js';
export { LOOK_MS, PAST_DAY_LEVEL, PerfSampler, pastDay, realTime } from './perf-sampler.js';
export { SamplingClock } from './sampling-clock.js';
