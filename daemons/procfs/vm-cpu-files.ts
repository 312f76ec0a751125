import { affinityOf, htSharingOf, maxOf, minOf, unitsOf } from './cpu-claims.js';
import { vmWorldsText } from './sched-files.js';
import type { TreeSources } from './text.js';
import { fileOf, folderOf, type Place, WriteRefused } from './tree.js';

const ENOENT = 2;
const EINVAL = 22;

/**
 * /proc/vmware/vm/<world id>/cpu. What is written there changes the VM's .vmx by its vmx, as a reconfiguration by the
 * VIM API does: checked, admitted, durable, and in force when the write returns.
 */
export function vmCpuFolder(sources: TreeSources, vmRow: number): Place {
  const { statistics } = sources;
  const { vm, group } = statistics.host;
  const groupRow = vm.groupRow(vmRow);
  const worldId = vm.worldId(vmRow);
  const setting = (key: string, text: () => string, word: RegExp): Place =>
    fileOf(
      () => `${text()}\n`,
      async written => {
        const value = written.trim().toLowerCase();
        if (!word.test(value)) throw new WriteRefused(EINVAL, `${value} is no value of ${key}`);
        await change(sources, worldId, key, value === 'unlimited' ? '-1' : value);
      },
    );
  return folderOf({
    status: fileOf(() => vmWorldsText(sources, vmRow)),
    min: setting('sched.cpu.min', () => minOf(statistics, groupRow), /^\d{1,9}$/),
    max: setting('sched.cpu.max', () => maxOf(statistics, groupRow), /^(\d{1,9}|-1|unlimited)$/),
    units: fileOf(() => `${unitsOf(statistics, groupRow)}\n`),
    shares: setting('sched.cpu.shares', () => `${group.cpuShares(groupRow)}`, /^(\d{1,9}|low|normal|high)$/),
    affinity: setting('sched.cpu.affinity', () => affinityOf(statistics, groupRow), /^(all|\d+(,\s*\d+)*)$/),
    htsharing: setting(
      'sched.cpu.htsharing',
      () => htSharingOf(statistics, groupRow),
      /^(any|internal|none)$/,
    ),
  });
}

async function change(sources: TreeSources, worldId: number, key: string, value: string): Promise<void> {
  const { vms } = await sources.vmkernel.call('listVms', {});
  const vm = vms.find(one => one.worldId === worldId);
  if (vm === undefined) throw new WriteRefused(ENOENT, `there is no VM of world ${worldId}`);
  await sources.vmkernel.call('reconfigure', {
    vmxPath: vm.vmxPath,
    changes: { settings: { [key]: value } },
  });
}
