import { type Guest, idleTicks, sequence, spinner, uneven } from './guest.js';
import { type IdealNode, idealOf } from './ideal.js';
import type { Simulation, VmSpec } from './simulation.js';
import type { SimVm } from './world.js';

export interface CrowdSpec {
  /** vCPUs in all. */
  readonly vcpus: number;
  /** vCPUs of a VM, in turn. */
  readonly sizes: readonly number[];
  /** All spin, or also duty cycles and idle guests. */
  readonly load: 'busy' | 'mixed';
  readonly seed: number;
  /** PCPUs' worth of CPU there is: cores, when all hyper-threads are busy. */
  readonly capacity: number;
}

export interface Crowd {
  readonly vms: readonly SimVm[];
  /** What each VM should have, PCPUs; of `busy` crowds. */
  readonly ideal: readonly number[];
}

interface MutableNode extends IdealNode {
  readonly children: MutableNode[];
}

interface Leaf {
  readonly pool: number;
  readonly node: MutableNode;
}

const LEVELS = [4, 3, 2] as const;
const POOL_SHARES = [4000, 8000, 4000, 6000] as const;
const VM_SHARES = [1000, 2000, 500] as const;
const NO_LIMIT = Number.POSITIVE_INFINITY;

/** VMs in pools three deep (4 × 3 × 2), with shares of all levels, some reservations and some limits. */
export function crowd(
  simulation: Simulation,
  spec: CrowdSpec,
  powerOn: (vm: VmSpec) => SimVm = vm => simulation.powerOn(vm),
): Crowd {
  const random = sequence(spec.seed);
  const tops: MutableNode[] = [];
  const leaves = pools(simulation, -1, tops, 0);
  const nodes: MutableNode[] = [];
  const vms: SimVm[] = [];
  const each = spec.capacity / spec.vcpus;
  for (let total = 0, i = 0; total < spec.vcpus; i++) {
    const vcpus = Math.min(spec.sizes[i % spec.sizes.length] ?? 1, spec.vcpus - total);
    const leaf = leaves[i % leaves.length];
    if (leaf === undefined) break;
    const shares = (VM_SHARES[Math.floor(random() * VM_SHARES.length)] ?? 1000) * vcpus;
    const min = i % 7 === 3 ? each * vcpus * 0.25 : 0;
    const max = i % 11 === 5 ? each * vcpus * 0.75 : NO_LIMIT;
    const node = { shares, min, max, demand: vcpus, children: [] };
    leaf.node.children.push(node);
    nodes.push(node);
    vms.push(powerOn({ pool: leaf.pool, vcpus, shares, min, max, guest: guestOf(spec, i) }));
    total += vcpus;
  }
  const ideals = idealOf(tops, spec.capacity);
  return { vms, ideal: nodes.map(node => ideals.get(node) ?? 0) };
}

function pools(simulation: Simulation, parent: number, into: MutableNode[], level: number): Leaf[] {
  const leaves: Leaf[] = [];
  for (let i = 0; i < (LEVELS[level] ?? 0); i++) {
    const shares = POOL_SHARES[(i + level) % POOL_SHARES.length] ?? 4000;
    const node: MutableNode = { shares, min: 0, max: NO_LIMIT, demand: 0, children: [] };
    const pool = simulation.addPool({ pool: parent, shares });
    into.push(node);
    if (level + 1 === LEVELS.length) leaves.push({ pool, node });
    else leaves.push(...pools(simulation, pool, node.children, level + 1));
  }
  return leaves;
}

function guestOf({ load, seed }: CrowdSpec, i: number): Guest {
  if (load === 'busy' || i % 4 < 2) return spinner();
  return i % 4 === 2 ? uneven(6000, 20_000, seed + i) : idleTicks();
}
