import { GroupKind, type HostFile, MAX_GROUPS } from '../abi/index.js';
import { GroupTree, VmClaim } from './policy/index.js';
import type { Vcpu } from './vcpu.js';

interface KnownClaim {
  readonly generation: number;
  readonly claim: VmClaim<Vcpu>;
}

/** The scheduler's view of the Group table: pools and VMs as the tree of entitlement, and each VM's claim. */
export class GroupTable {
  readonly tree = new GroupTree(MAX_GROUPS);
  readonly #claims = new Map<number, KnownClaim>();

  constructor(private readonly host: HostFile) {}

  /** @param onAffinity a VM may use other PCPUs than before */
  sync(onAffinity: (claim: VmClaim<Vcpu>) => void): void {
    const { group, hostControl } = this.host;
    const rows = hostControl.groupCount();
    for (let row = 0; row < rows; row++) {
      const kind = group.kind(row);
      const scheduled = kind === GroupKind.vm || kind === GroupKind.pool;
      if ((group.generation(row) & 1) === 0 || !scheduled) {
        this.tree.remove(row);
        this.#claims.delete(row);
        continue;
      }
      this.tree.place(row, group.parentRow(row), kind === GroupKind.vm);
      this.tree.setClaim(row, group.cpuShares(row), group.cpuMin(row), this.#maxOf(row));
      if (kind === GroupKind.vm) this.#syncClaim(row, onAffinity);
    }
  }

  /** The claim of the VM whose group stands in a row. */
  claimOf(row: number): VmClaim<Vcpu> {
    const known = this.#claims.get(row);
    if (known !== undefined) return known.claim;
    const claim = new VmClaim<Vcpu>(row);
    this.#claims.set(row, { generation: this.host.group.generation(row), claim });
    return claim;
  }

  #maxOf(row: number): number {
    const max = this.host.group.cpuMax(row);
    return max < 0 ? Number.POSITIVE_INFINITY : max;
  }

  #syncClaim(row: number, onAffinity: (claim: VmClaim<Vcpu>) => void): void {
    const { group } = this.host;
    if (this.#claims.get(row)?.generation !== group.generation(row)) this.#claims.delete(row);
    const claim = this.claimOf(row);
    claim.htSharing = group.htSharing(row);
    const low = group.affinityLow(row);
    const high = group.affinityHigh(row);
    if (low === claim.affinityLow && high === claim.affinityHigh) return;
    claim.affinityLow = low;
    claim.affinityHigh = high;
    onAffinity(claim);
  }
}
