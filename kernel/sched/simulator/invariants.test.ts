import { describe, expect, it } from 'vitest';
import { HtSharing } from '../../abi/index.js';
import { type CoschedMode, inAffinity, regularTopology, SKEW_LIMIT_US } from '../policy/index.js';
import {
  Barrier,
  crowd,
  errors,
  type Guest,
  idealOf,
  idleTicks,
  NumaMachine,
  observe,
  Simulation,
  type SimVm,
  SpinLock,
  sequence,
  spinner,
  sums,
  uneven,
} from './index.js';

const SECOND = 1e6;
const QUANTUM_US = 20_000;
const eightCores = { nodes: 2, packagesPerNode: 1, coresPerPackage: 4, threadsPerCore: 2 };

/** What must be true of a machine at every moment. */
function watch(simulation: Simulation): void {
  const { pcpus, hooks, topology } = { ...simulation, topology: simulation.hooks.topology };
  simulation.onEvent = () => {
    for (const { run, number } of pcpus) {
      if (run === null) continue;
      const { vm } = run;
      if (run.on?.number !== number) throw new Error(`${run.owner.vm.name} is not where PCPU ${number} says`);
      if (vm.htSharing === HtSharing.any) continue;
      for (const partner of topology.partnersOf[number] ?? []) {
        const beside = pcpus[partner]?.run?.vm;
        if (beside !== undefined && (beside !== vm || vm.htSharing === HtSharing.none))
          throw new Error(`${run.owner.vm.name} shares the core of PCPU ${hooks.topology.coreOf[number]}`);
      }
    }
  };
}

function allowed(vm: SimVm, low: number, high: number): boolean {
  for (let pcpu = 0; pcpu < 64; pcpu++) {
    const ran = ((pcpu < 32 ? low : high) >>> (pcpu & 31)) & 1;
    if (ran === 1 && !inAffinity(vm.claim, pcpu)) return false;
  }
  return true;
}

const guests: readonly ((seed: number) => Guest)[] = [
  () => spinner(),
  seed => uneven(3000, 9000, seed),
  () => idleTicks(),
  () => new Barrier(2, 2000, 'spin'),
  () => new SpinLock(4000, 300),
];

describe('always true, in machines of any mix', () => {
  it.each([1, 2, 3, 4, 5, 6])('times add up, and nobody runs where it may not (mix %d)', seed => {
    const random = sequence(seed);
    const pick = (limit: number) => Math.floor(random() * limit);
    const simulation = new Simulation({
      topology: regularTopology(eightCores),
      cosched: seed % 3 === 0 ? 'strict' : 'relaxed',
    });
    watch(simulation);
    const pools = [-1, simulation.addPool(), simulation.addPool({ max: 3 })];
    for (let i = 0; i < 14; i++) {
      const kind = pick(guests.length);
      simulation.powerOn({
        pool: pools[pick(3)] ?? -1,
        vcpus: kind >= 3 ? 2 : 1 + pick(4),
        shares: 500 + pick(4000),
        min: pick(4) === 0 ? 0.2 : 0,
        max: pick(5) === 0 ? 0.4 : Number.POSITIVE_INFINITY,
        affinity: pick(4) === 0 ? [0, 1, 2, 3, 8, 9] : [],
        htSharing: [HtSharing.any, HtSharing.internal, HtSharing.none][pick(6)] ?? HtSharing.any,
        guest: guests[kind]?.(seed + i) ?? spinner(),
      });
    }
    for (let step = 1; step <= 10; step++) {
      simulation.run(step * 120_000);
      const vm = simulation.vms[pick(simulation.vms.length)];
      if (vm === undefined) continue;
      if (step === 5) simulation.powerOff(vm);
      else simulation.reconfigure(vm.claim.node, 100 + pick(9000), 0, Number.POSITIVE_INFINITY);
    }
    for (const vm of simulation.vms) {
      const { runUs, readyUs, costopUs, waitUs } = sums(simulation, vm);
      const wall = simulation.nowUs * vm.worlds.length;
      expect(Math.abs(runUs + readyUs + costopUs + waitUs - wall), vm.name).toBeLessThan(wall * 1e-9 + 1);
      expect(Math.min(runUs, readyUs, costopUs, waitUs), vm.name).toBeGreaterThanOrEqual(0);
      for (const world of vm.worlds) expect(allowed(vm, world.ranOnLow, world.ranOnHigh), vm.name).toBe(true);
    }
    const busy = simulation.busyUs.reduce((sum, us) => sum + us, 0);
    expect(busy).toBeLessThanOrEqual(simulation.nowUs * 16 * (1 + 1e-9));
  });

  it('no PCPU is idle while somebody could run on it', () => {
    const simulation = new Simulation({ topology: regularTopology({ ...eightCores, threadsPerCore: 1 }) });
    for (let i = 0; i < 9; i++) simulation.powerOn({ guest: spinner() });
    simulation.run(2 * SECOND);
    for (const us of simulation.busyUs) expect(us).toBeCloseTo(2 * SECOND, 0);
  });
});

describe('co-scheduling', () => {
  /** A VM of 4 vCPUs that meet at a spinning barrier every ms, beside four spinners on four PCPUs. */
  const contended = (cosched: CoschedMode) => {
    const simulation = new Simulation({
      topology: regularTopology({ nodes: 1, packagesPerNode: 1, coresPerPackage: 4, threadsPerCore: 1 }),
      cosched,
    });
    const barrier = new Barrier(4, 1000, 'spin');
    const vm = simulation.powerOn({ vcpus: 4, guest: barrier });
    for (let i = 0; i < 4; i++) simulation.powerOn({ guest: spinner() });
    simulation.run(10 * SECOND);
    // Half of four PCPUs is its own.
    expect(vm.usedUs / (40 * SECOND)).toBeCloseTo(0.5, 1);
    return { rounds: barrier.rounds, skews: simulation.hooks.gangs.of(vm.claim)?.skewUs ?? [] };
  };

  it('keeps vCPUs of a VM in step: far more rounds of a barrier than without', () => {
    const relaxed = contended('relaxed');
    // 5000 if all four always ran together, for half of the time.
    expect(relaxed.rounds).toBeGreaterThan(2500);
    expect(relaxed.rounds).toBeGreaterThan(5 * contended('none').rounds);
    expect(Math.max(...relaxed.skews)).toBeLessThanOrEqual(SKEW_LIMIT_US + 1);
  });

  it('strict runs all four together or none', () => {
    expect(contended('strict').rounds).toBeGreaterThan(4500);
  });

  it('costs a VM that is alone nothing', () => {
    const simulation = new Simulation({ topology: regularTopology(eightCores) });
    const barrier = new Barrier(4, 1000, 'block');
    const vm = simulation.powerOn({ vcpus: 4, guest: barrier });
    simulation.run(2 * SECOND);
    expect(barrier.rounds).toBeGreaterThan(1990);
    expect(sums(simulation, vm).costopUs).toBe(0);
  });
});

describe('NUMA machines', () => {
  it('run VMs in their home nodes alone, and memory comes home after a move', () => {
    const machine = new NumaMachine({ topology: regularTopology(eightCores), remotePenalty: 0.3 });
    const vms = Array.from({ length: 12 }, () => machine.powerOn({ guest: spinner() }, 1000));
    for (const vm of vms.slice(0, 6)) machine.powerOff(vm);
    machine.run(20 * SECOND);
    for (const [vm, home] of machine.homes) {
      expect(home.home).toBeGreaterThanOrEqual(0);
      const on = vm.worlds[0]?.entity.on ?? null;
      if (on !== null) expect(on.node).toBe(home.home);
    }
    expect(machine.nodes.imbalancePercent).toBeLessThan(10);
  });

  it('move VMs when the load of a node goes, and bring 25 pages a second home', () => {
    const machine = new NumaMachine({ topology: regularTopology(eightCores) });
    const vms = Array.from({ length: 16 }, () => machine.powerOn({ guest: spinner() }, 1000));
    machine.run(3 * SECOND);
    for (const vm of vms) if (machine.homes.get(vm)?.home === 0) machine.powerOff(vm);
    machine.run(4.1 * SECOND);
    expect(machine.moves).toBe(4);
    const moved = [...machine.homes.values()].filter(home => home.migrations > 0);
    const before = moved.map(home => home.remotePages);
    machine.run(14.1 * SECOND);
    expect(moved.map(home => home.remotePages)).toEqual(before.map(pages => pages - 250));
  });
});

describe('128 vCPUs on 16 hyper-threads and two nodes, pools three deep', () => {
  it.each([
    { sizes: [1], quanta: 3 },
    { sizes: [1, 2, 4], quanta: 5 },
  ])('every VM of $sizes vCPUs stays within $quanta quanta of what is its own', ({ sizes, quanta }) => {
    const topology = regularTopology(eightCores);
    const machine = new NumaMachine({ topology });
    const spec = { vcpus: 128, sizes, load: 'busy', seed: 1, capacity: topology.cores } as const;
    const { ideal } = crowd(machine.simulation, spec, vm => machine.powerOn(vm, 1000));
    machine.run(6 * SECOND);
    const window = 20 * SECOND;
    const figures = observe(machine.simulation, window, until => machine.run(until));
    const used = figures.map(one => one.used / 100);
    expect(errors(used, ideal).mean).toBeLessThan(1);
    used.forEach((got, i) => {
      expect(Math.abs(got - (ideal[i] ?? 0)) * window, figures[i]?.vm.name).toBeLessThan(quanta * QUANTUM_US);
    });
  });

  it('mixed loads, SMP among them, leave no PCPU idle and wake quickly', () => {
    const topology = regularTopology(eightCores);
    const simulation = new Simulation({ topology });
    const spec = { vcpus: 128, sizes: [1, 2, 4], load: 'mixed', seed: 2, capacity: topology.cores } as const;
    crowd(simulation, spec);
    simulation.run(3 * SECOND);
    const busy = simulation.busyUs.reduce((sum, us) => sum + us, 0);
    expect(busy / (16 * simulation.nowUs)).toBeGreaterThan(0.99);
  });
});

describe('the ideal that figures are judged by', () => {
  it('fills by shares between reservation and limit, pool by pool', () => {
    const vm = (shares: number, min = 0, max = Number.POSITIVE_INFINITY) => ({
      shares,
      min,
      max,
      demand: 1,
      children: [],
    });
    const [a, b, c, d] = [vm(2000), vm(1000, 0.5), vm(1000), vm(1000, 0, 0.1)];
    const pool = (shares: number, ...children: (typeof a)[]) => ({ ...vm(shares), children });
    const flat = idealOf([a, b], 1);
    expect([flat.get(a), flat.get(b)].map(x => x?.toFixed(3))).toEqual(['0.500', '0.500']);
    const deep = idealOf([pool(4000, a), pool(4000, c, d)], 1);
    expect([a, c, d].map(one => deep.get(one)?.toFixed(3))).toEqual(['0.500', '0.400', '0.100']);
  });
});
