/** One PCPU's place in the machine. Hyper-threads of one core have adjacent numbers: 0,1 | 2,3 | … */
export interface PcpuPlace {
  readonly core: number;
  readonly package: number;
  readonly node: number;
}

/** How far two PCPUs are from each other: what a world loses of its cache by the move. */
export const Distance = { same: 0, core: 1, package: 2, node: 3, remote: 4 } as const;
export type Distance = (typeof Distance)[keyof typeof Distance];

export interface MachineShape {
  readonly nodes: number;
  readonly packagesPerNode: number;
  readonly coresPerPackage: number;
  readonly threadsPerCore: number;
}

/** The machine's PCPUs, cores, packages and NUMA nodes, as tables by number. */
export class Topology {
  readonly coreOf: Int32Array;
  readonly packageOf: Int32Array;
  readonly nodeOf: Int32Array;
  /** The other hyper-threads of each PCPU's core. */
  readonly partnersOf: readonly (readonly number[])[];
  readonly nodes: number;
  readonly cores: number;

  constructor(readonly pcpus: readonly PcpuPlace[]) {
    this.coreOf = Int32Array.from(pcpus, pcpu => pcpu.core);
    this.packageOf = Int32Array.from(pcpus, pcpu => pcpu.package);
    this.nodeOf = Int32Array.from(pcpus, pcpu => pcpu.node);
    const numbers = pcpus.map((_, number) => number);
    this.partnersOf = pcpus.map(({ core }, me) => numbers.filter(n => n !== me && pcpus[n]?.core === core));
    this.nodes = new Set(this.nodeOf).size;
    this.cores = new Set(this.coreOf).size;
  }

  get size(): number {
    return this.pcpus.length;
  }

  coresOfNode(node: number): number {
    return new Set(this.pcpus.filter(pcpu => pcpu.node === node).map(pcpu => pcpu.core)).size;
  }

  distance(from: number, to: number): Distance {
    if (from === to) return Distance.same;
    if (this.coreOf[from] === this.coreOf[to]) return Distance.core;
    if (this.packageOf[from] === this.packageOf[to]) return Distance.package;
    return this.nodeOf[from] === this.nodeOf[to] ? Distance.node : Distance.remote;
  }
}

/** A machine of equal nodes. */
export function regularTopology(shape: MachineShape): Topology {
  const { nodes, packagesPerNode, coresPerPackage, threadsPerCore } = shape;
  const total = nodes * packagesPerNode * coresPerPackage * threadsPerCore;
  return new Topology(
    Array.from({ length: total }, (_, number) => {
      const core = Math.floor(number / threadsPerCore);
      const place = Math.floor(core / coresPerPackage);
      return { core, package: place, node: Math.floor(place / packagesPerNode) };
    }),
  );
}
