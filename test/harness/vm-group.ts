import { attachStatistics, type VmkernelClient } from '../../kernel/client/index.js';

/** What the scheduler has of a group at this moment; limits in MHz. */
export interface SeenGroup {
  readonly kind: number;
  readonly shares: number;
  readonly limitMhz: number;
  /** PCPUs 0 to 31, a bit each; 0: all. */
  readonly affinity: number;
}

/** The group of a running VM and the one it is in, by the VMkernel's shared memory. */
export async function groupsOf(
  kernel: VmkernelClient,
  name: string,
): Promise<{ readonly vm: SeenGroup; readonly pool: SeenGroup }> {
  const { shmDir, pcpuMhz } = await kernel.call('hostInfo', {});
  const { host } = attachStatistics(shmDir);
  const worldId = (await kernel.call('listVms', {})).vms.find(vm => vm.name === name)?.worldId;
  const rows = Array.from({ length: host.hostControl.vmCount() }, (_, row) => row);
  const vmRow = rows.find(row => host.vm.generation(row) % 2 === 1 && host.vm.worldId(row) === worldId);
  if (vmRow === undefined) throw new Error(`${name} does not run`);
  const { group } = host;
  const seen = (row: number): SeenGroup => ({
    kind: group.kind(row),
    shares: group.cpuShares(row),
    limitMhz: group.cpuMax(row) * pcpuMhz,
    affinity: group.affinityLow(row),
  });
  const groupRow = host.vm.groupRow(vmRow);
  return { vm: seen(groupRow), pool: seen(group.parentRow(groupRow)) };
}
