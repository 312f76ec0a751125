/** A pool or VM as its administrator described it, for working out what it should get. */
export interface IdealNode {
  readonly shares: number;
  readonly min: number;
  readonly max: number;
  /** PCPUs that a VM would use alone; of pools nothing is asked. */
  readonly demand: number;
  readonly children: readonly IdealNode[];
}

const ROUNDS = 80;

const mostOf = (node: IdealNode): number =>
  Math.min(node.max, node.children.length === 0 ? node.demand : sum(node.children, mostOf));

const leastOf = (node: IdealNode): number =>
  Math.min(mostOf(node), Math.max(node.min, sum(node.children, leastOf)));

const sum = (nodes: readonly IdealNode[], of: (node: IdealNode) => number): number =>
  nodes.reduce((total, node) => total + of(node), 0);

/**
 * What every VM should get in the long run, in PCPUs: water-filling per node (reference scheduler.md 3.2), found by
 * bisection. Slow, and shares no code with the kernel's: figures are judged by it.
 */
export function idealOf(
  nodes: readonly IdealNode[],
  capacity: number,
  out = new Map<IdealNode, number>(),
): Map<IdealNode, number> {
  const at = (node: IdealNode, level: number): number =>
    Math.min(Math.max(level * node.shares, leastOf(node)), mostOf(node));
  const goal = Math.min(capacity, sum(nodes, mostOf));
  let low = 0;
  let high = capacity;
  for (let round = 0; round < ROUNDS; round++) {
    const middle = (low + high) / 2;
    if (sum(nodes, node => at(node, middle)) < goal) low = middle;
    else high = middle;
  }
  for (const node of nodes) {
    const got = at(node, high);
    if (node.children.length === 0) out.set(node, got);
    else idealOf(node.children, got, out);
  }
  return out;
}
