import { NUMA_DEFAULTS, NumaNodes, type NumaOptions, NumaRebalancer, type NumaVm } from '../policy/index.js';
import { Simulation, type SimulationOptions, type VmSpec } from './simulation.js';
import type { SimVm } from './world.js';

export interface NumaMachineOptions extends SimulationOptions {
  readonly pagesPerNode?: number;
  readonly numa?: NumaOptions;
  /** Part of its speed that a guest loses when all its memory is remote. */
  readonly remotePenalty?: number;
}

const PAGES_PER_GB = 262_144;
const PAGES_PER_NODE = 32 * PAGES_PER_GB;
const PAGES_PER_VM = PAGES_PER_GB;
const LOOK_US = 500_000;

/** A simulation whose VMs have home nodes, and memory there. */
export class NumaMachine {
  readonly simulation: Simulation;
  readonly nodes: NumaNodes;
  /** Homes of the VMs that are powered on. */
  readonly homes = new Map<SimVm, NumaVm>();
  moves = 0;
  swaps = 0;
  readonly #rebalancer: NumaRebalancer;
  readonly #entitled: Float64Array;
  /** PCPUs of each node. */
  readonly #pcpusOf: readonly number[][];

  constructor(options: NumaMachineOptions) {
    const { topology, numa = NUMA_DEFAULTS, pagesPerNode = PAGES_PER_NODE, remotePenalty = 0 } = options;
    this.simulation = new Simulation(options);
    this.#entitled = new Float64Array(this.simulation.tree.capacity);
    this.nodes = new NumaNodes(topology, pagesPerNode, numa);
    this.#rebalancer = new NumaRebalancer(this.nodes);
    this.#pcpusOf = Array.from({ length: topology.nodes }, (_, node) =>
      topology.pcpus.flatMap((place, number) => (place.node === node ? [number] : [])),
    );
    if (remotePenalty > 0)
      this.simulation.speedOf = vm =>
        1 - remotePenalty * (1 - (this.homes.get(vm)?.localPercent ?? 100) / 100);
  }

  /** @param pages memory that its guest touches at once */
  powerOn(spec: VmSpec, pages = PAGES_PER_VM): SimVm {
    const affinity = (spec.affinity?.length ?? 0) > 0;
    const home = this.nodes.powerOn({ vcpus: spec.vcpus ?? 1, pages, affinity });
    this.nodes.touch(home, pages);
    const pcpus = home.home < 0 ? spec.affinity : this.#pcpusOf[home.home];
    const vm = this.simulation.powerOn({ ...spec, ...(pcpus === undefined ? {} : { affinity: pcpus }) });
    this.homes.set(vm, home);
    this.#stay(vm, home);
    return vm;
  }

  powerOff(vm: SimVm): void {
    const home = this.homes.get(vm);
    if (home !== undefined) this.nodes.powerOff(home);
    this.homes.delete(vm);
    this.simulation.powerOff(vm);
  }

  run(untilUs: number): void {
    const { simulation } = this;
    while (simulation.nowUs < untilUs) {
      const next = (Math.floor(simulation.nowUs / LOOK_US) + 1) * LOOK_US;
      simulation.run(Math.min(untilUs, next));
      this.#look();
    }
  }

  #look(): void {
    const { nowUs } = this.simulation;
    this.#rebalancer.bringPagesHome(this.homes.values(), nowUs);
    this.#weigh();
    const moves = this.#rebalancer.rebalance(nowUs);
    if (moves.length === 0) return;
    this.moves += moves.length;
    this.swaps += moves.filter(move => move.swappedWith !== null).length;
    for (const [vm, home] of this.homes) if (home.home !== vm.claim.homeNode) this.#stay(vm, home);
    this.simulation.changed();
  }

  /** A VM loads its node by what it would be entitled to if it could run anywhere. */
  #weigh(): void {
    const { tree, dispatcher } = this.simulation;
    for (const { claim } of this.homes.keys()) tree.demand[claim.node] = claim.wanting;
    tree.compute(dispatcher.capacity, this.#entitled);
    for (const [vm, home] of this.homes) home.load = this.#entitled[vm.claim.node] ?? 0;
  }

  #stay(vm: SimVm, { home }: NumaVm): void {
    vm.claim.homeNode = home;
    const pcpus = this.#pcpusOf[home];
    if (pcpus !== undefined) this.simulation.bind(vm.claim, pcpus);
  }
}
