import { GroupKind } from '../../../../kernel/abi/index.js';
import type { HostSystemResourceInfo } from '../../../../lib/vim/index.js';
import type { CpuGroup } from '../../machine/host-figures.js';
import { type HostFacts, hostMhz } from './host-facts.js';

/** What the VMkernel's own groups of worlds are given; those of machines are the resource pools' matter. */
export function systemResources(facts: HostFacts): HostSystemResourceInfo | undefined {
  const pools: readonly number[] = [GroupKind.vm, GroupKind.pool];
  const groups = facts.account.figures?.groups().filter(({ kind }) => !pools.includes(kind)) ?? [];
  const root = groups.find(group => group.kind === GroupKind.host);
  return root && resourceInfo(facts, root, groups, '');
}

function resourceInfo(
  facts: HostFacts,
  group: CpuGroup,
  groups: readonly CpuGroup[],
  path: string,
): HostSystemResourceInfo {
  const key = path === '' ? group.name : `${path}/${group.name}`;
  const children = groups.filter(one => one.parentRow === group.row && one.row !== group.row);
  const mhz = (pcpus: number): number => Math.round(pcpus * hostMhz(facts));
  return {
    key,
    config: {
      cpuAllocation: {
        reservation: mhz(group.reservation),
        expandableReservation: false,
        limit: group.limit < 0 ? -1 : mhz(group.limit),
        shares: { shares: group.shares, level: 'custom' },
      },
      memoryAllocation: memoryOf(facts, group),
    },
    child: children.map(child => resourceInfo(facts, child, groups, key)),
  };
}

/** Only the service console has memory of a size of its own, MB. */
function memoryOf({ account }: HostFacts, { kind }: CpuGroup) {
  const bytes = kind === GroupKind.console ? account.figures?.consoleMemoryBytes : undefined;
  return bytes === undefined ? {} : { reservation: bytes / 2 ** 20, limit: bytes / 2 ** 20 };
}
