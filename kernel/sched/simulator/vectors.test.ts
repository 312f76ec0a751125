import { describe, expect, it } from 'vitest';
import { HtSharing } from '../../abi/index.js';
import { regularTopology } from '../policy/index.js';
import {
  dutyCycle,
  type Guest,
  observe,
  oneBusyVcpu,
  Simulation,
  type SimulationOptions,
  spinner,
  steps,
  uneven,
  type VmFigures,
  type VmSpec,
} from './index.js';

const SECOND = 1e6;
const WINDOW = 10 * SECOND;

const plain = (pcpus: number) =>
  regularTopology({ nodes: 1, packagesPerNode: 1, coresPerPackage: pcpus, threadsPerCore: 1 });

const machine = (pcpus: number, options: Partial<SimulationOptions> = {}) =>
  new Simulation({ topology: plain(pcpus), ...options });

/** Percent of a PCPU that each VM used over ten seconds, after one of warm-up. */
function measured(simulation: Simulation, specs: readonly Partial<VmSpec>[]): VmFigures[] {
  for (const spec of specs) simulation.powerOn({ guest: spinner(), ...spec });
  simulation.run(SECOND);
  return observe(simulation, WINDOW);
}

const near = (figures: readonly VmFigures[], mhz: readonly number[], percent = 1): void => {
  expect(figures.length).toBe(mhz.length);
  figures.forEach(({ used, vm }, i) => {
    const wanted = (mhz[i] ?? 0) / 10;
    const said = `${vm.name} used ${used.toFixed(2)} %, wanted ${wanted}`;
    expect(Math.abs(used - wanted), said).toBeLessThanOrEqual((wanted * percent) / 100);
  });
};

/** One PCPU is 1000 MHz; error at most 1 % of the figure. */
describe('vectors of scheduler.md 3.2 in the simulator', () => {
  it('V1: shares 2000 : 1000', () => {
    near(measured(machine(1), [{ shares: 2000 }, { shares: 1000 }]), [666.7, 333.3]);
  });

  it('V2: a reservation before shares', () => {
    near(measured(machine(1), [{ shares: 2000 }, { shares: 1000, min: 0.5 }]), [500, 500]);
  });

  it('V3: what a limit leaves goes to the others', () => {
    near(measured(machine(1), [{ max: 0.2 }, {}, {}]), [200, 400, 400]);
  });

  it('V4: pools of 4000 each, one VM against three', () => {
    const simulation = machine(1);
    const [one, three] = [simulation.addPool(), simulation.addPool()];
    const figures = measured(simulation, [{ pool: one }, { pool: three }, { pool: three }, { pool: three }]);
    near(figures, [500, 166.7, 166.7, 166.7]);
  });

  it('V5: an idle reservation is lent, and given back within one quantum of the wake', () => {
    const simulation = machine(1);
    const busyFrom = 5 * SECOND;
    const wakes: Guest = {
      next: (_vcpu, nowUs) =>
        nowUs >= busyFrom ? { kind: 'compute', us: 500 } : { kind: 'sleep', us: busyFrom - nowUs },
    };
    const reserved = simulation.powerOn({ min: 0.8, guest: wakes });
    const other = simulation.powerOn({ guest: spinner() });
    simulation.run(busyFrom);
    expect(other.usedUs / busyFrom).toBeGreaterThan(0.999);
    const [a, b] = observe(simulation, 2 * SECOND);
    expect(a?.used).toBeGreaterThan(79.5);
    expect(b?.used).toBeLessThan(20.5);
    expect(reserved.worlds[0]?.longestWakeUs).toBeLessThanOrEqual(20_000);
  });

  it('V5: a reservation of 800 that is 10 % busy leaves 900 to the other', () => {
    const figures = measured(machine(1), [{ min: 0.8, guest: dutyCycle(10_000, 90_000) }, {}]);
    near(figures, [100, 900], 2);
    expect(figures[0]?.vm.worlds[0]?.longestWakeUs).toBeLessThanOrEqual(20_000);
  });

  it.each(['relaxed', 'strict'] as const)(
    'V6: SMP-2 with 2000 against UP with 1000 on two PCPUs (%s)',
    cosched => {
      const figures = measured(machine(2, { cosched }), [{ vcpus: 2, shares: 2000 }, { shares: 1000 }]);
      if (cosched === 'relaxed') near(figures, [1333.3, 666.7], 2);
      // Two PCPUs or none: while the other VM has one, the second stays idle.
      else expect(figures[0]?.used).toBeLessThan(140);
    },
  );

  it('V7: two busy VMs on two packages with HT run on LCPU 0 and 2 at %USED 100', () => {
    const topology = regularTopology({ nodes: 1, packagesPerNode: 2, coresPerPackage: 1, threadsPerCore: 2 });
    const figures = measured(new Simulation({ topology }), [{}, {}]);
    near(figures, [1000, 1000], 0.01);
    expect(figures.map(({ vm }) => vm.worlds[0]?.ranOnLow)).toEqual([0b0001, 0b0100]);
  });

  it('V7: four busy VMs there: %RUN 100, %USED 50', () => {
    const topology = regularTopology({ nodes: 1, packagesPerNode: 2, coresPerPackage: 1, threadsPerCore: 2 });
    const figures = measured(new Simulation({ topology }), [{}, {}, {}, {}]);
    near(figures, [500, 500, 500, 500], 0.01);
    for (const { run } of figures) expect(run).toBeCloseTo(100, 3);
  });

  it('V8: extra time is what was used beyond the entitlement when everybody wants all', () => {
    // ESX 2.5 Administration Guide p. 345: emin 72 %, used 265 s, wait 52 s, extra 124 s.
    const simulation = machine(2);
    const load = uneven(50_000, 8000, 1);
    const vm = simulation.powerOn({ vcpus: 2, shares: 2000, max: 2, guest: load });
    simulation.powerOn({ vcpus: 2, shares: 3555, guest: uneven(10_000, 14_000, 2) });
    const emin = simulation.guaranteed()[vm.claim.node] ?? 0;
    expect(emin).toBeCloseTo(0.72, 3);
    const [figures] = observe(simulation, 60 * SECOND);
    const { used = 0, ready = 0, costop = 0, wait = 0 } = figures ?? {};
    expect(used / 100).toBeGreaterThan(emin);
    expect(simulation.extraUs(vm)).toBeCloseTo(vm.usedUs - emin * 60 * SECOND, 0);
    expect(used + ready + costop + wait).toBeCloseTo(200, 3);
  });

  it('V9: a 4-vCPU VM that uses one vCPU, with 4 UP VMs on 4 PCPUs: relaxed keeps all PCPUs busy', () => {
    const simulation = machine(4);
    const figures = measured(simulation, [{ vcpus: 4, guest: oneBusyVcpu() }, {}, {}, {}, {}]);
    const busy = simulation.busyUs.reduce((sum, us) => sum + us, 0);
    expect(busy / (4 * simulation.nowUs)).toBeGreaterThan(0.9999);
    expect(figures[0]?.costop).toBeLessThan(0.01);
  });

  it('V9: strict co-scheduling leaves PCPUs idle there', () => {
    const simulation = machine(4, { cosched: 'strict' });
    measured(simulation, [{ vcpus: 4, guest: oneBusyVcpu() }, {}, {}, {}, {}]);
    const busy = simulation.busyUs.reduce((sum, us) => sum + us, 0);
    expect(busy / (4 * simulation.nowUs)).toBeLessThan(0.9);
  });

  it('V10: a limit of 250 holds on an idle host, and its waiting is %MLMTD', () => {
    const simulation = machine(2);
    simulation.powerOn({ max: 0.25, guest: spinner() });
    // Half a quantum that had gathered may fall into a window: 10 ms of these 100 s.
    const [figures] = observe(simulation, 100 * SECOND);
    expect(figures?.used).toBeLessThanOrEqual(25.01);
    expect(figures?.used).toBeGreaterThan(24.9);
    expect(figures?.limited).toBeCloseTo(figures?.ready ?? 0, 1);
  });
});

describe('the simulator beside the vectors', () => {
  it('shares follow who is there: dilution as VMs come', () => {
    const simulation = machine(1);
    const first = simulation.powerOn({ shares: 1000, guest: spinner() });
    for (let others = 1; others <= 4; others++) {
      simulation.powerOn({ shares: 1000, guest: spinner() });
      simulation.run(simulation.nowUs + 200_000);
      const figures = observe(simulation, 5 * SECOND);
      expect(figures.find(({ vm }) => vm === first)?.used).toBeCloseTo(100 / (others + 1), 0);
    }
  });

  it('follows steps of load', () => {
    const simulation = machine(1);
    simulation.powerOn({ shares: 3000, guest: steps([10 * SECOND, 20 * SECOND]) });
    simulation.powerOn({ shares: 1000, guest: spinner() });
    simulation.run(SECOND);
    const alone = observe(simulation, 8 * SECOND);
    simulation.run(10.5 * SECOND);
    const both = observe(simulation, 9 * SECOND);
    simulation.run(20.5 * SECOND);
    const again = observe(simulation, 5 * SECOND);
    expect(alone.map(({ used }) => Math.round(used))).toEqual([0, 100]);
    expect(both.map(({ used }) => Math.round(used))).toEqual([75, 25]);
    expect(again.map(({ used }) => Math.round(used))).toEqual([0, 100]);
  });

  it('values changed at run time act at once', () => {
    const simulation = machine(1);
    const vm = simulation.powerOn({ shares: 1000, guest: spinner() });
    simulation.powerOn({ shares: 1000, guest: spinner() });
    simulation.run(SECOND);
    simulation.reconfigure(vm.claim.node, 4000, 0, Number.POSITIVE_INFINITY);
    expect(Math.abs((observe(simulation, SECOND)[0]?.used ?? 0) - 80)).toBeLessThan(1);
  });

  it('who was entitled to almost nothing is not made to pay for it when values change', () => {
    const simulation = machine(1);
    const poor = simulation.powerOn({ shares: 1000, guest: spinner() });
    const rich = simulation.powerOn({ shares: 1000, min: 0.99, guest: spinner() });
    simulation.run(20 * SECOND);
    simulation.reconfigure(rich.claim.node, 1000, 0, Number.POSITIVE_INFINITY);
    const figures = observe(simulation, SECOND);
    expect(Math.abs((figures.find(({ vm }) => vm === poor)?.used ?? 0) - 50)).toBeLessThan(3);
  });

  it('a limit changed at run time acts at once, both ways', () => {
    const simulation = machine(1);
    const vm = simulation.powerOn({ guest: spinner() });
    const used = (max: number): number => {
      simulation.reconfigure(vm.claim.node, 1000, 0, max);
      return observe(simulation, 10 * SECOND)[0]?.used ?? Number.NaN;
    };
    expect([0.1, 0.6, Number.POSITIVE_INFINITY, 0.3].map(max => Math.round(used(max)))).toEqual([
      10, 60, 100, 30,
    ]);
  });

  it('the limit of a pool holds on an idle host, in nested pools and for SMP VMs too', () => {
    const simulation = machine(4);
    const outer = simulation.addPool({ max: 1.5 });
    const inner = simulation.addPool({ pool: outer, max: 0.3 });
    const figures = measured(simulation, [
      { pool: outer, vcpus: 2, shares: 2000 },
      { pool: inner, shares: 2000 },
      { pool: inner, shares: 1000 },
      {},
    ]);
    near(figures, [1200, 200, 100, 1000]);
    for (const { ready, limited } of figures) expect(limited).toBeGreaterThanOrEqual(ready * 0.97);
  });

  it('ten vCPUs a core each have a tenth of it', () => {
    const figures = measured(
      machine(2),
      Array.from({ length: 20 }, () => ({})),
    );
    near(
      figures,
      figures.map(() => 100),
      2,
    );
  });

  it('htsharing none has a whole core: its partner is idle while it runs', () => {
    const topology = regularTopology({ nodes: 1, packagesPerNode: 2, coresPerPackage: 1, threadsPerCore: 2 });
    const simulation = new Simulation({ topology });
    const alone = simulation.powerOn({ htSharing: HtSharing.none, guest: spinner() });
    for (let i = 0; i < 4; i++) simulation.powerOn({ guest: spinner() });
    let seen = 0;
    simulation.onEvent = () => {
      const on = alone.worlds[0]?.entity.on;
      if (on == null) return;
      seen++;
      expect(simulation.hooks.placement.partnerBusy(on.number)).toBe(false);
    };
    simulation.run(5 * SECOND);
    expect(seen).toBeGreaterThan(10);
    expect(alone.runUs).toBe(alone.usedUs);
    expect(alone.usedUs / (5 * SECOND)).toBeGreaterThan(0.3);
  });

  it('is the same in every run', () => {
    const once = () => {
      const simulation = machine(2);
      for (let seed = 1; seed < 6; seed++) simulation.powerOn({ vcpus: 2, guest: uneven(7000, 5000, seed) });
      return observe(simulation, 3 * SECOND).map(({ used }) => used);
    };
    expect(once()).toEqual(once());
  });
});
