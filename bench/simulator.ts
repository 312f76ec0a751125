import { type CoschedMode, regularTopology, type Topology } from '../kernel/sched/policy/index.js';
import {
  Barrier,
  type CrowdSpec,
  crowd,
  errors,
  NumaMachine,
  observe,
  Simulation,
  spinner,
} from '../kernel/sched/simulator/index.js';
import type { BenchContext, Benchmark, Measured, Row } from './result.js';

/** What the simulator measures: how near the shares come over time, and what a decision costs, on machines we lack. */
export const simulator: Benchmark = {
  name: 'simulator',
  about: 'the CPU scheduler on machines of 16 PCPUs and up to thousands of worlds, under a virtual clock',
  targets: [{ figure: 'simulator_share_error_percent', atMost: 1 }],
  run,
};

const SECOND_US = 1e6;
const SETTLE_US = 6 * SECOND_US;
const WINDOWS_S = [1, 10, 60] as const;
const QUICK_WINDOWS_S = [1, 10] as const;
const QUANTUM_US = 20_000;
const PAGES_PER_VM = 10_000;
const US_PER_MS = 1000;

interface Machine {
  readonly name: string;
  readonly topology: Topology;
  readonly numa: boolean;
  readonly sizes: readonly number[];
  readonly load: CrowdSpec['load'];
  readonly vcpus: number;
  /** Begin of its figures' names; none without. */
  readonly figure?: string;
}

const shape = (nodes: number, coresPerPackage: number, threadsPerCore: number) =>
  regularTopology({ nodes, packagesPerNode: 1, coresPerPackage, threadsPerCore });

function machines(): Machine[] {
  const plain = { topology: shape(1, 16, 1), numa: false, load: 'busy' } as const;
  const large = { topology: shape(2, 4, 2), numa: true, load: 'busy' } as const;
  return [
    { ...plain, name: '16 cores', sizes: [1], vcpus: 128 },
    { ...large, name: '2 nodes × 4 cores × HT', sizes: [1], vcpus: 128, figure: 'simulator' },
    { ...large, name: '… VMs of 1, 2 and 4 vCPUs', sizes: [1, 2, 4], vcpus: 128, figure: 'simulator_smp' },
    { ...large, name: '… half of them not busy', sizes: [1, 2, 4], vcpus: 128, load: 'mixed' },
    { ...large, name: '… 1024 worlds', sizes: [1], vcpus: 1024, figure: 'simulator_1024' },
    { ...plain, name: '16 cores, 4096 worlds', sizes: [1], vcpus: 4096, figure: 'simulator_4096' },
  ];
}

async function run(context: BenchContext): Promise<Measured> {
  const figures: Record<string, number> = {};
  const rows: Row[] = [];
  for (const machine of machines()) {
    rows.push(...measure(machine, context.quick, figures));
    context.note(machine.name);
    // The interrupt is heard between machines.
    await new Promise(resolve => setImmediate(resolve));
  }
  for (const cosched of ['relaxed', 'strict', 'none'] as const) rows.push(inStep(cosched, figures));
  rows.push(...story());
  return { figures, rows };
}

function measure(machine: Machine, quick: boolean, figures: Record<string, number>): Row[] {
  const { topology, numa, sizes, load, vcpus, figure } = machine;
  const options = { topology, groups: 2 * vcpus + 64, clockUs: () => performance.now() * US_PER_MS };
  const host = numa ? new NumaMachine(options) : null;
  const simulation = host?.simulation ?? new Simulation(options);
  const until = (us: number): void => (host === null ? simulation.run(us) : host.run(us));
  const spec = { vcpus, sizes, load, seed: 1, capacity: topology.cores };
  const { ideal } = crowd(simulation, spec, vm =>
    host === null ? simulation.powerOn(vm) : host.powerOn(vm, PAGES_PER_VM),
  );
  until(SETTLE_US);
  const rows: Row[] = [];
  for (const seconds of quick ? QUICK_WINDOWS_S : WINDOWS_S) {
    const before = {
      passes: simulation.passes,
      passUs: simulation.passUs,
      grants: simulation.dispatcher.dispatches,
    };
    const found = observe(simulation, seconds * SECOND_US, until);
    const used = found.map(one => one.used / 100);
    const share = errors(used, ideal);
    const quanta = used.map((got, i) => (Math.abs(got - (ideal[i] ?? 0)) * seconds * SECOND_US) / QUANTUM_US);
    const grants = simulation.dispatcher.dispatches - before.grants;
    const decisionUs = (simulation.passUs - before.passUs) / grants;
    const busy = load === 'busy';
    rows.push({
      machine: machine.name,
      vCPUs: vcpus,
      'window s': seconds,
      'error, mean %': busy ? share.mean : '',
      'p95 %': busy ? share.p95 : '',
      'worst, quanta': busy ? Math.max(...quanta) : '',
      'grants/s': grants / seconds,
      'µs a grant': decisionUs,
    });
    if (figure === undefined) continue;
    figures[`${figure}_share_error_percent`] = share.mean;
    figures[`${figure}_worst_quanta`] = Math.max(...quanta);
    figures[`${figure}_decision_us`] = decisionUs;
  }
  return rows;
}

/** Four vCPUs that meet every millisecond, beside four spinners on four PCPUs: rounds of what can be had. */
function inStep(cosched: CoschedMode, figures: Record<string, number>): Row {
  const simulation = new Simulation({ topology: shape(1, 4, 1), cosched });
  const barrier = new Barrier(4, US_PER_MS, 'spin');
  simulation.powerOn({ vcpus: 4, guest: barrier });
  for (let i = 0; i < 4; i++) simulation.powerOn({ guest: spinner() });
  const seconds = 10;
  simulation.run(seconds * SECOND_US);
  const part = barrier.rounds / ((seconds * SECOND_US) / US_PER_MS / 2);
  figures[`simulator_barrier_${cosched}_percent`] = part * 100;
  return {
    'co-scheduling': cosched,
    'rounds of a barrier/s': barrier.rounds / seconds,
    '% of the most': part * 100,
  };
}

/** What two spinners on one PCPU use while their values change. */
function story(): Row[] {
  const simulation = new Simulation({ topology: shape(1, 1, 1) });
  const high = simulation.powerOn({ shares: 2000, guest: spinner() });
  const low = simulation.powerOn({ shares: 1000, guest: spinner() });
  const none = Number.POSITIVE_INFINITY;
  const acts: readonly (readonly [string, () => void])[] = [
    ['shares 2000 : 1000', () => undefined],
    ['low reserves 50 %', () => simulation.reconfigure(low.claim.node, 1000, 0.5, none)],
    ['low is limited to 20 %', () => simulation.reconfigure(low.claim.node, 1000, 0, 0.2)],
    ['high goes', () => simulation.powerOff(high)],
  ];
  return acts.flatMap(([act, change]) => {
    change();
    return [1, 2, 3].map(() => {
      const used = new Map(observe(simulation, SECOND_US).map(one => [one.vm, one.used]));
      const [highUsed, lowUsed] = [used.get(high) ?? 0, used.get(low) ?? 0];
      return {
        'trace, s': simulation.nowUs / SECOND_US,
        what: act,
        'high %USED': highUsed,
        'low %USED': lowUsed,
      };
    });
  });
}
