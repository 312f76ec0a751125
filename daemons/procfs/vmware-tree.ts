import { emptyMemoryControlFigures, emptyMemoryVmFigures } from '../../kernel/abi/index.js';
import { configFolder } from './config-files.js';
import { schedFolder } from './sched-files.js';
import { inUse, printable, seconds, type TreeSources, table } from './text.js';
import { fileOf, folderOf, type Place } from './tree.js';
import { vmCpuFolder } from './vm-cpu-files.js';

const KB_PER_PAGE = 4;

/** /proc/vmware: every text is made of shared memory when it is opened. */
export function vmwareTree(sources: TreeSources): Place {
  const { host } = sources.statistics;
  return folderOf({
    version: fileOf(() => `${sources.version}\n`),
    uptime: fileOf(() => `${seconds(sources.nowUs() - host.hostControl.bootTimeUs())}\n`),
    mem: fileOf(() => memoryText(sources)),
    sched: schedFolder(sources, {
      mem: fileOf(() => vmMemoryText(sources, () => true)),
    }),
    vm: vmFolder(sources),
    config: configFolder(sources),
  });
}

function vmFolder(sources: TreeSources): Place {
  const rows = (): number[] => vmRows(sources);
  const { vm } = sources.statistics.host;
  return {
    kind: 'folder',
    names: () => rows().map(row => String(vm.worldId(row))),
    child: name => {
      const row = rows().find(one => String(vm.worldId(one)) === name);
      return row === undefined ? undefined : oneVm(sources, row);
    },
  };
}

function oneVm(sources: TreeSources, row: number): Place {
  const { vm } = sources.statistics.host;
  return folderOf({
    names: fileOf(
      () => `vmid=${vm.worldId(row)} pid=${vm.pid(row)} displayName="${printable(vm.name(row))}"\n`,
    ),
    cpu: vmCpuFolder(sources, row),
    mem: folderOf({ status: fileOf(() => vmMemoryText(sources, one => one === row)) }),
  });
}

function vmRows({ statistics: { host } }: TreeSources): number[] {
  const all = Array.from({ length: host.hostControl.vmCount() }, (_, row) => row);
  return all.filter(row => inUse(host.vm.generation(row)));
}

function vmMemoryText(sources: TreeSources, wanted: (vmRow: number) => boolean): string {
  const { host, memory } = sources.statistics;
  const figures = emptyMemoryVmFigures();
  const rows = vmRows(sources)
    .filter(wanted)
    .flatMap(row => {
      if (!memory.memoryVm.read(row, figures) || figures.generation !== host.vm.generation(row)) return [];
      const kb = (pages: number): string => String(pages * KB_PER_PAGE);
      const { sizePages, privatePages, overheadPages } = figures;
      return [
        [
          String(host.vm.worldId(row)),
          printable(host.vm.name(row)),
          kb(sizePages),
          kb(privatePages),
          kb(overheadPages),
        ],
      ];
    });
  return table([['vm', 'name', 'size(KB)', 'alloc(KB)', 'ovhd(KB)'], ...rows]);
}

function memoryText({ statistics: { host, memory } }: TreeSources): string {
  const figures = emptyMemoryControlFigures();
  if (!memory.memoryControl.read(figures)) return '';
  const line = (name: string, kb: number): string => `${`${name}:`.padEnd(28)}${kb} KB\n`;
  return [
    line('Machine memory', figures.totalPages * KB_PER_PAGE),
    line('Service console memory', host.hostControl.consoleMemoryMb() * 1024),
    line('VMkernel and console', figures.kernelPages * KB_PER_PAGE),
    line('Virtual machines', figures.guestPages * KB_PER_PAGE),
    line('Overhead', figures.overheadPages * KB_PER_PAGE),
    line('Free', figures.freePages * KB_PER_PAGE),
  ].join('');
}
