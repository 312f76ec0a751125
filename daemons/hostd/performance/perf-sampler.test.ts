import { expect, it } from 'vitest';
import {
  ManagedObjectReference,
  type PerfEntityMetric,
  type PerfEntityMetricCSV,
} from '../../../lib/vim/index.js';
import { FigureFiles, type WorldLoad } from '../testing/figure-files.js';
import type { PerfEntity } from './counters/index.js';
import { answer, available, LOOK_MS, PerfSampler, perfCounters } from './index.js';

const START_MS = Date.parse('2008-11-21T12:00:00Z');
const host = new ManagedObjectReference('HostSystem', 'ha-host');
const pool = new ManagedObjectReference('ResourcePool', 'ha-root-pool');
const vm = new ManagedObjectReference('VirtualMachine', '16');

/** A host whose machines are what `running` says, measured as time passes. */
class Measured {
  readonly files = new FigureFiles();
  readonly running: PerfEntity[] = [];
  readonly sampler = new PerfSampler({
    sources: () => this.files.sources,
    entities: () => [{ ref: host, kind: 'host', id: 0 }, { ref: pool, kind: 'pool', id: 0 }, ...this.running],
  });
  nowMs = START_MS;

  constructor() {
    this.sampler.look(this.nowMs);
  }

  powerOn(reservedPcpus = 0): number {
    const id = this.files.addVm(reservedPcpus);
    this.running.push({ ref: vm, kind: 'vm', id });
    // Looked at once it is there.
    this.sampler.look(this.nowMs);
    return id;
  }

  /** @param loads of all worlds, for each look one */
  looks(...loads: readonly (readonly WorldLoad[])[]): void {
    for (const load of loads) {
      this.files.pass(LOOK_MS / 1000, load);
      this.nowMs += LOOK_MS;
      this.sampler.look(this.nowMs);
    }
  }

  /** 20 s of the same. */
  sample(load: readonly WorldLoad[], count = 1): void {
    for (let i = 0; i < count; i++) this.looks(load, load, load, load);
  }

  /** `counter.rollup:instance` → values. */
  values(entity: ManagedObjectReference, intervalId = 20): Record<string, readonly number[]> {
    const { value = [] } = this.answer({ entity, intervalId });
    const names = new Map(perfCounters.map(({ key, name, rollup }) => [key, `${name}.${rollup}`]));
    return Object.fromEntries(
      value.map(series => {
        const { id, value: values = [] } = series as { id: typeof series.id; value?: number[] };
        return [`${names.get(id.counterId)}:${id.instance}`, values];
      }),
    );
  }

  answer(spec: Parameters<typeof answer>[0]): PerfEntityMetric {
    return answer(spec, this.sampler.samples(spec.entity.value)) as PerfEntityMetric;
  }
}

const spinner: readonly WorldLoad[] = [
  { used: 0.1, wait: 0.9 },
  { used: 0.6, ready: 0.3, wait: 0.1, idle: 0.05, system: 0.02 },
];

it("tells a machine's times of 20 s: of its virtual CPU, and of all its worlds", () => {
  const measured = new Measured();
  measured.powerOn();
  measured.sample(spinner);
  expect(measured.values(vm)).toMatchObject({
    'usage.average:': [7000],
    'usagemhz.average:': [1400],
    'usagemhz.average:0': [1200],
    'used.summation:0': [12_000],
    'used.summation:': [14_000],
    'ready.summation:0': [6000],
    'wait.summation:0': [2000],
    'wait.summation:': [20_000],
    'idle.summation:0': [1000],
    'system.summation:0': [400],
    'extra.summation:': [7000],
    'guaranteed.latest:': [10_000],
    'uptime.latest:': [20],
  });
});

it('tells the mean and the extremes of an interval by its looks', () => {
  const measured = new Measured();
  measured.powerOn();
  const at = (used: number): WorldLoad[] => [{ used: 0 }, { used }];
  measured.looks(at(0.1), at(0.9), at(0.4), at(0.2));
  expect(measured.values(vm)).toMatchObject({
    'usage.none:': [4000],
    'usage.average:': [4000],
    'usage.maximum:': [9000],
    'usage.minimum:': [1000],
    'usagemhz.maximum:': [1800],
  });
});

it('tells what the PCPUs of the host and its root pool used, and what machines have reserved', () => {
  const measured = new Measured();
  measured.powerOn(0.25);
  measured.sample([{ used: 0 }, { used: 0.5 }]);
  expect(measured.values(host)).toMatchObject({
    'usage.average:': [2500],
    'usage.average:0': [5000],
    'usage.average:1': [0],
    'usagemhz.average:': [1000],
    'used.summation:0': [10_000],
    'idle.summation:0': [10_000],
    'idle.summation:1': [20_000],
    'reservedCapacity.average:': [500],
  });
  expect(measured.values(pool)).toMatchObject({ 'usagemhz.average:': [1000] });
});

it('tells means and peaks of 1, 5 and 15 minutes in percent of one PCPU', () => {
  const measured = new Measured();
  measured.powerOn();
  measured.sample([{ used: 0 }, { used: 0.8 }]);
  measured.sample([{ used: 0 }, { used: 0.2 }], 3);
  const newest = Object.fromEntries(Object.entries(measured.values(vm)).map(([id, all]) => [id, all.at(-1)]));
  expect(newest).toMatchObject({
    'runav1.latest:': 2000,
    'runpk1.latest:': 2000,
    'runav5.latest:': 3500,
    'runpk5.latest:': 8000,
    'actav15.latest:': 3500,
    'maxLimited1.latest:': 0,
    'sampleCount.latest:': 16,
    'samplePeriod.latest:': 5000,
  });
});

it('begins with the first whole interval of a machine, and keeps an hour', () => {
  const measured = new Measured();
  measured.looks([]);
  measured.powerOn();
  measured.looks(spinner, spinner, spinner);
  expect(measured.sampler.samples(vm.value)).toBeUndefined();
  measured.sample(spinner, 200);
  const { sampleInfo = [] } = measured.answer({ entity: vm });
  expect(sampleInfo).toHaveLength(180);
  expect(sampleInfo.at(-1)).toEqual({ timestamp: new Date(measured.nowMs), interval: 20 });
  expect(sampleInfo.at(0)?.timestamp.getTime()).toBe(measured.nowMs - 179 * 20_000);
});

it('joins real-time samples to those of the past day by their rollups', () => {
  const measured = new Measured();
  measured.powerOn();
  measured.sample([{ used: 0 }, { used: 0.6 }], 10);
  measured.sample([{ used: 0 }, { used: 0.3 }], 5);
  const past = measured.values(vm, 300);
  expect(past).toMatchObject({
    'usage.average:': [5000],
    'usagemhz.average:': [1000],
    'uptime.latest:': [300],
  });
  expect(past['ready.summation:0']).toBeUndefined();
  expect(measured.answer({ entity: vm, intervalId: 300 }).sampleInfo).toEqual([
    { timestamp: new Date(START_MS + 300_000), interval: 300 },
  ]);
});

it('answers of a time the samples after its start up to its end, of these the newest', () => {
  const measured = new Measured();
  measured.powerOn();
  measured.sample(spinner, 6);
  const at = (sample: number): Date => new Date(START_MS + sample * 20_000);
  const times = (spec: object): (Date | undefined)[] =>
    (measured.answer({ entity: vm, ...spec }).sampleInfo ?? []).map(({ timestamp }) => timestamp);
  expect(times({ startTime: at(2), endTime: at(4) })).toEqual([at(3), at(4)]);
  expect(times({ startTime: at(2), maxSample: 2 })).toEqual([at(5), at(6)]);
  expect(times({ endTime: at(1) })).toEqual([at(1)]);
  expect(times({ startTime: at(6) })).toEqual([]);
});

it('tells instances by name, all of them by *, and the whole by an empty name', () => {
  const measured = new Measured();
  measured.sample([]);
  const used = perfCounters.find(({ name }) => name === 'used')?.key ?? 0;
  const usage = perfCounters.find(({ name, rollup }) => name === 'usage' && rollup === 'average')?.key ?? 0;
  const asked = (counterId: number, instance: string): string[] =>
    (measured.answer({ entity: host, metricId: [{ counterId, instance }] }).value ?? []).map(
      ({ id }) => id.instance,
    );
  expect(asked(used, '*')).toEqual(['0', '1']);
  expect(asked(usage, '')).toEqual(['']);
  expect(asked(used, '1')).toEqual(['1']);
  expect(asked(used, '7')).toEqual([]);
});

it('writes a list of texts for csv', () => {
  const measured = new Measured();
  measured.powerOn();
  measured.sample(spinner, 2);
  const counterId = perfCounters.find(({ name }) => name === 'ready')?.key ?? 0;
  const spec = { entity: vm, format: 'csv', metricId: [{ counterId, instance: '0' }] };
  expect(answer(spec, measured.sampler.samples(vm.value)) as PerfEntityMetricCSV).toMatchObject({
    sampleInfoCSV: '20,2008-11-21T12:00:20Z,20,2008-11-21T12:00:40Z',
    value: [{ id: { counterId, instance: '0' }, value: '6000,6000' }],
  });
});

it('keeps the samples of a machine that is off, and none of one that is gone', () => {
  const measured = new Measured();
  const id = measured.powerOn();
  measured.sample(spinner, 2);
  measured.files.dropVm(id);
  measured.running.pop();
  measured.sample([], 2);
  const kept = measured.sampler.samples(vm.value);
  expect(measured.answer({ entity: vm }).sampleInfo).toHaveLength(2);
  expect(kept && available(kept, {}).length).toBeGreaterThan(10);
  measured.sampler.forget(vm.value);
  expect(measured.answer({ entity: vm })).toMatchObject({ sampleInfo: [], value: [] });
});

it('drops what was measured no more for a day and a half', () => {
  const measured = new Measured();
  const id = measured.powerOn();
  measured.sample(spinner, 15);
  measured.files.dropVm(id);
  measured.running.pop();
  const dayLater = (hours: number): void => {
    measured.nowMs = START_MS + hours * 3_600_000;
    measured.sampler.look(measured.nowMs);
  };
  dayLater(24);
  expect(measured.sampler.samples(vm.value)).toBeDefined();
  dayLater(37);
  expect(measured.sampler.samples(vm.value)).toBeUndefined();
});

it('begins anew when the clock is set back', () => {
  const measured = new Measured();
  measured.sample([], 3);
  measured.nowMs = START_MS - 3_600_000;
  measured.sampler.look(measured.nowMs);
  expect(measured.sampler.samples(host.value)).toBeUndefined();
  measured.sample([]);
  expect(measured.answer({ entity: host }).sampleInfo).toHaveLength(1);
});
