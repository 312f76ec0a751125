import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ManagedObjectReference,
  type PerfCounterInfo,
  type PerfEntityMetric,
  type PerfEntityMetricCSV,
  type PerfQuerySpec,
} from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { PerformanceManager } from './mo/performance-manager.js';
import { perfCounters, realTime } from './performance/index.js';
import { PerfSamples } from './performance/perf-samples.js';
import { faultOf, SeenFault, TestHost } from './testing/test-host.js';

let test: TestHost;
let root: string;
let vm: ManagedObjectReference;
beforeEach(async () => {
  test = await TestHost.start();
  root = await test.login();
  vm = await test.register(root);
});
afterEach(() => test.stop());

const manager = moids.perfManager;
const query = (spec: Partial<PerfQuerySpec>, session = root) =>
  test.call(manager, 'QueryPerf', { querySpec: [{ entity: moids.host, ...spec }] }, { session });

/** The property that the call is refused for. */
async function refused(call: Promise<unknown>): Promise<unknown> {
  const found = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(found instanceof SeenFault)) throw found;
  return [found.type, 'invalidProperty' in found.detail ? found.detail.invalidProperty : undefined];
}

describe('PerformanceManager', () => {
  it('lists counters with the keys of a host, in the words of ESX Server 3.5', async () => {
    const counters = (await test.read(root, manager, 'perfCounter')) as PerfCounterInfo[];
    const named = new Map(
      counters.map(info => [`${info.groupInfo.key}.${info.nameInfo.key}.${info.rollupType}`, info]),
    );
    // reference/vimapi.md 8.5: positions by group as a host's own list has them
    const keys: Readonly<Record<string, number>> = {
      'cpu.usage.none': 0,
      'cpu.usage.average': 1,
      'cpu.usage.maximum': 2,
      'cpu.usage.minimum': 3,
      'cpu.usagemhz.average': 5,
      'cpu.reservedCapacity.average': 8,
      'cpu.system.summation': 9,
      'cpu.wait.summation': 10,
      'cpu.ready.summation': 11,
      'cpu.used.summation': 12,
      'cpu.idle.summation': 13,
      'sys.uptime.latest': 4 << 16,
      'rescpu.actav1.latest': 5 << 16,
      'rescpu.runpk1.latest': (5 << 16) + 9,
      'rescpu.samplePeriod.latest': (5 << 16) + 16,
    };
    for (const [name, key] of Object.entries(keys)) expect([name, named.get(name)?.key]).toEqual([name, key]);
    expect(named.get('cpu.ready.summation')).toMatchObject({
      unitInfo: { key: 'millisecond' },
      statsType: 'delta',
    });
    expect(named.get('cpu.usage.average')).toMatchObject({ unitInfo: { key: 'percent' }, statsType: 'rate' });
    expect(new Set(counters.map(({ key }) => key)).size).toBe(counters.length);
  });

  it('describes counters by key and by level', async () => {
    const byKey = await test.call(manager, 'QueryPerfCounter', { counterId: [11, 1] }, { session: root });
    expect(byKey?.map(({ nameInfo }) => nameInfo.key)).toEqual(['ready', 'usage']);
    expect(
      await refused(test.call(manager, 'QueryPerfCounter', { counterId: [999] }, { session: root })),
    ).toEqual(['InvalidArgument', 'counterId']);
    const level = (one: number) =>
      test.call(manager, 'QueryPerfCounterByLevel', { level: one }, { session: root });
    expect((await level(1)).every(info => info.level === 1)).toBe(true);
    expect((await level(4)).length).toBeGreaterThan((await level(1)).length);
    expect(await refused(level(5))).toEqual(['InvalidArgument', 'level']);
  });

  it('says what host, pool and machines provide, and that others provide nothing', async () => {
    const summary = (entity: ManagedObjectReference) =>
      test.call(manager, 'QueryPerfProviderSummary', { entity }, { session: root });
    for (const entity of [moids.host, moids.rootPool, vm])
      expect(await summary(entity)).toMatchObject({ entity, currentSupported: true, refreshRate: 20 });
    expect(await refused(summary(moids.vmFolder))).toEqual(['InvalidArgument', 'entity']);
    expect(await faultOf(summary(new ManagedObjectReference('VirtualMachine', '9999')))).toBe(
      'ManagedObjectNotFound',
    );
    expect(await test.read(root, manager, 'historicalInterval')).toMatchObject([
      { samplingPeriod: 300, length: 129_600, enabled: true },
    ]);
  });

  it('refuses a spec that nothing could answer, by the name of its part', async () => {
    const at = (text: string): Date => new Date(text);
    const cases: [Partial<PerfQuerySpec>, string][] = [
      [{ intervalId: 21 }, 'querySpec.interval'],
      [{ format: 'xml' }, 'querySpec.format'],
      [{ maxSample: 0 }, 'querySpec.maxSample'],
      [{ metricId: [{ counterId: 777_777, instance: '' }] }, 'querySpec.metricId'],
      [
        { startTime: at('2008-11-21T12:00:00Z'), endTime: at('2008-11-21T11:00:00Z') },
        'querySpec.startTime, querySpec.endTime',
      ],
      [{ entity: moids.datacenter }, 'querySpec.entity'],
    ];
    for (const [spec, property] of cases)
      expect(await refused(query(spec))).toEqual(['InvalidArgument', property]);
    const gone = new ManagedObjectReference('VirtualMachine', '9999');
    expect(await faultOf(query({ entity: gone }))).toBe('ManagedObjectNotFound');
  });

  it('answers for a machine that never ran with nothing', async () => {
    const [found] = (await query({ entity: vm, intervalId: 20 })) ?? [];
    expect(found).toMatchObject({ _type: 'PerfEntityMetric', entity: vm });
    expect((found as PerfEntityMetric).value ?? []).toEqual([]);
    const available = await test.call(manager, 'QueryAvailablePerfMetric', { entity: vm }, { session: root });
    expect(available ?? []).toEqual([]);
  });

  it('tells the host and its machines by one spec, and only the host', async () => {
    const composite = (querySpec: PerfQuerySpec) =>
      test.call(manager, 'QueryPerfComposite', { querySpec }, { session: root });
    const found = await composite({ entity: moids.host, intervalId: 20, format: 'csv' });
    expect(found.entity).toMatchObject({ _type: 'PerfEntityMetricCSV', entity: moids.host });
    expect(found.childEntity?.map(({ entity }) => entity.value)).toEqual([vm.value]);
    expect(await refused(composite({ entity: vm }))).toEqual(['InvalidArgument', 'querySpec.entity']);
    expect(await refused(composite({ entity: moids.host, maxSample: 1 }))).toEqual([
      'InvalidArgument',
      'querySpec.maxSample',
    ]);
  });

  it('answers for an hour of 128 machines while others have their turns, and refuses what nobody reads', async () => {
    const samples = new PerfSamples(realTime);
    for (let number = 0; number < realTime.count; number++) {
      samples.begin(number);
      for (const counter of perfCounters) samples.put(number, counter, '', number);
    }
    const manager = new PerformanceManager({
      sampler: { samples: () => ({ realTime: samples, pastDay: samples }) },
      find: () => test.host.registry.find(vm.value),
      vms: () => [],
    });
    const specs = (count: number): PerfQuerySpec[] =>
      Array.from({ length: count }, () => ({ entity: vm, format: 'csv', metricId: usual }));
    const usual = perfCounters.slice(0, 20).map(({ key }) => ({ counterId: key, instance: '' }));
    const asked = manager.query(specs(128));
    let turns = 0;
    const others = setInterval(() => turns++, 0);
    const answers = await asked.finally(() => clearInterval(others));
    expect(turns).toBeGreaterThan(0);
    expect(answers).toHaveLength(128);
    expect((answers[127] as PerfEntityMetricCSV).value?.[0]?.value?.split(',')).toHaveLength(realTime.count);
    await expect(manager.query(specs(1000))).rejects.toThrow('querySpec');
    const nothing = { entity: vm, maxSample: 1, metricId: [{ counterId: 11, instance: 'none' }] };
    await expect(manager.query(Array.from({ length: 20_001 }, () => nothing))).rejects.toThrow('querySpec');
  });

  it('does not change its intervals', async () => {
    const interval = { key: 2, samplingPeriod: 600, name: 'mine', length: 6000, enabled: true };
    const options = { session: root };
    expect(await faultOf(test.call(manager, 'CreatePerfInterval', { intervalId: interval }, options))).toBe(
      'NotSupported',
    );
    expect(await faultOf(test.call(manager, 'UpdatePerfInterval', { interval }, options))).toBe(
      'NotSupported',
    );
    expect(await faultOf(test.call(manager, 'RemovePerfInterval', { samplePeriod: 300 }, options))).toBe(
      'NotSupported',
    );
  });

  it('tells nobody of what he may not see', async () => {
    const args = {
      entity: vm,
      permission: [{ principal: 'alice', group: false, roleId: -2, propagate: true }],
    };
    await test.call(moids.authorizationManager, 'SetEntityPermissions', args, { session: root });
    const alice = await test.login('alice');
    expect(await faultOf(query({ entity: vm }, alice))).toBe('no fault');
    expect(await faultOf(query({ entity: moids.networkFolder }, alice))).not.toBe('no fault');
    const invisible = new ManagedObjectReference('VirtualMachine', '9999');
    expect(await faultOf(query({ entity: invisible }, alice))).toBe('ManagedObjectNotFound');
  });
});
