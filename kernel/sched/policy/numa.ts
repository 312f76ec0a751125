import type { Topology } from './topology.js';

/** Numa.* options (reference scheduler.md 3.3). */
export interface NumaOptions {
  readonly rebalanceEnable: boolean;
  readonly rebalancePeriodMs: number;
  /** Cores the machine must have, and each node, before home nodes are used. */
  readonly rebalanceCoresTotal: number;
  readonly rebalanceCoresNode: number;
  /** Difference between the most and the least loaded node, % of a node, from which VMs move. */
  readonly migImbalanceThresholdPercent: number;
  readonly pageMigEnable: boolean;
  /** Pages of a VM that come home in a second. */
  readonly pageMigRate: number;
}

export const NUMA_DEFAULTS: NumaOptions = {
  rebalanceEnable: true,
  rebalancePeriodMs: 2000,
  rebalanceCoresTotal: 4,
  rebalanceCoresNode: 2,
  migImbalanceThresholdPercent: 10,
  pageMigEnable: true,
  pageMigRate: 25,
};

/** A VM as placement by nodes sees it. */
export interface NumaVmShape {
  readonly vcpus: number;
  readonly pages: number;
  /** Affinity of CPU or memory: its administrator has placed it. */
  readonly affinity: boolean;
}

/** Where a VM lives. `home` is -1 for one that is not managed: it runs anywhere. */
export class NumaVm {
  home = -1;
  /** PCPUs it wants, as last told. */
  load: number;
  migrations = 0;
  /** Its pages on each node. */
  readonly pagesOn: Float64Array;

  constructor(
    readonly shape: NumaVmShape,
    nodes: number,
  ) {
    this.pagesOn = new Float64Array(nodes);
    this.load = shape.vcpus;
  }

  /** NLMEM, pages. */
  get localPages(): number {
    return this.home < 0 ? 0 : (this.pagesOn[this.home] ?? 0);
  }

  get totalPages(): number {
    let total = 0;
    for (const pages of this.pagesOn) total += pages;
    return total;
  }

  /** NRMEM, pages. */
  get remotePages(): number {
    return this.home < 0 ? 0 : this.totalPages - this.localPages;
  }

  /** N%L: NLMEM ÷ (NLMEM + NRMEM), %. */
  get localPercent(): number {
    const total = this.totalPages;
    return this.home < 0 || total === 0 ? 100 : (this.localPages / total) * 100;
  }
}

/** Cores and memory of one node, and what is used of them. */
export class NumaNode {
  readonly vms = new Set<NumaVm>();
  usedPages = 0;

  constructor(
    readonly number: number,
    readonly cores: number,
    readonly pages: number,
  ) {}

  get freePages(): number {
    return Math.max(0, this.pages - this.usedPages);
  }

  /** Part of its cores that the VMs at home here want. */
  get load(): number {
    let wanted = 0;
    for (const vm of this.vms) wanted += vm.load;
    return wanted / this.cores;
  }

  /** Part of its memory that the VMs at home here have or will touch. */
  get committed(): number {
    let pages = 0;
    for (const vm of this.vms) pages += vm.shape.pages;
    return pages / this.pages;
  }
}

/** Nodes, and homes of VMs on them. Rebalancing is numa-rebalance.ts. */
export class NumaNodes {
  readonly nodes: readonly NumaNode[];
  /** Enough cores: home nodes are used. */
  readonly active: boolean;

  constructor(
    topology: Topology,
    pagesPerNode: number,
    readonly options: NumaOptions = NUMA_DEFAULTS,
  ) {
    this.nodes = Array.from(
      { length: topology.nodes },
      (_, number) => new NumaNode(number, topology.coresOfNode(number), pagesPerNode),
    );
    this.active =
      this.nodes.length > 1 &&
      topology.cores >= options.rebalanceCoresTotal &&
      this.nodes.every(node => node.cores >= options.rebalanceCoresNode);
  }

  /** Gives a VM its home: the node that CPU and memory together load least. Wider than a node, or placed by hand: none. */
  powerOn(shape: NumaVmShape): NumaVm {
    const vm = new NumaVm(shape, this.nodes.length);
    const fitting = this.nodes.filter(node => shape.vcpus <= node.cores);
    if (!this.active || shape.affinity || fitting.length < this.nodes.length) return vm;
    const roomy = fitting.filter(node => node.freePages >= shape.pages);
    const home = (roomy.length > 0 ? roomy : fitting).reduce((best, node) =>
      this.#pressure(node, vm) < this.#pressure(best, vm) ? node : best,
    );
    vm.home = home.number;
    home.vms.add(vm);
    return vm;
  }

  #pressure(node: NumaNode, vm: NumaVm): number {
    return node.load + vm.load / node.cores + node.committed + vm.shape.pages / node.pages;
  }

  powerOff(vm: NumaVm): void {
    for (const node of this.nodes) {
      node.vms.delete(vm);
      node.usedPages -= vm.pagesOn[node.number] ?? 0;
    }
    vm.pagesOn.fill(0);
    vm.home = -1;
  }

  /** The guest touches pages for the first time: they come from its home, or where there is room. @returns what it got */
  touch(vm: NumaVm, pages: number): number {
    let left = pages;
    const home = this.nodes[vm.home];
    if (home !== undefined) left -= this.#allocate(vm, home, left);
    const others = [...this.nodes].sort((a, b) => b.freePages - a.freePages);
    for (const node of others)
      left -= this.#allocate(vm, node, home === undefined ? Math.ceil(left / 2) : left);
    for (const node of others) left -= this.#allocate(vm, node, left);
    return pages - left;
  }

  #allocate(vm: NumaVm, node: NumaNode, pages: number): number {
    const got = Math.min(pages, node.freePages);
    node.usedPages += got;
    vm.pagesOn[node.number] = (vm.pagesOn[node.number] ?? 0) + got;
    return got;
  }

  /** Brings pages of one VM home. @returns how many came */
  bringHome(vm: NumaVm, pages: number): number {
    const home = this.nodes[vm.home];
    if (home === undefined) return 0;
    let left = Math.min(pages, vm.remotePages, home.freePages);
    const moved = left;
    for (const node of this.nodes) {
      const taken = node === home ? 0 : Math.min(left, vm.pagesOn[node.number] ?? 0);
      vm.pagesOn[node.number] = (vm.pagesOn[node.number] ?? 0) - taken;
      node.usedPages -= taken;
      left -= taken;
    }
    this.#allocate(vm, home, moved);
    return moved;
  }

  /** Most minus least loaded node, % of a node's cores. */
  get imbalancePercent(): number {
    const loads = this.nodes.map(node => node.load);
    return (Math.max(...loads) - Math.min(...loads)) * 100;
  }

  move(vm: NumaVm, to: NumaNode): void {
    this.nodes[vm.home]?.vms.delete(vm);
    vm.home = to.number;
    vm.migrations++;
    to.vms.add(vm);
  }
}
