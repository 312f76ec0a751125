import {
  emptyMemoryControlFigures,
  emptyMemoryVmFigures,
  emptySchedWorldFigures,
} from '../../kernel/abi/index.js';
import type { Statistics } from '../../kernel/client/index.js';
import { fileOf, folderOf, type Place } from './tree.js';

const US_PER_S = 1e6;
const KB_PER_PAGE = 4;
const inUse = (generation: number): boolean => (generation & 1) === 1;
const seconds = (us: number): string => (us / US_PER_S).toFixed(3);

export interface TreeSources {
  readonly statistics: Statistics;
  readonly version: string;
  /** CLOCK_MONOTONIC */
  nowUs(): number;
}

/** /proc/vmware: every text is made of shared memory when it is opened. */
export function vmwareTree(sources: TreeSources): Place {
  const { host } = sources.statistics;
  return folderOf({
    version: fileOf(() => `${sources.version}\n`),
    uptime: fileOf(() => `${seconds(sources.nowUs() - host.hostControl.bootTimeUs())}\n`),
    mem: fileOf(() => memoryText(sources)),
    sched: folderOf({
      cpu: fileOf(() => cpuText(sources, () => true)),
      mem: fileOf(() => vmMemoryText(sources, () => true)),
      ncpus: fileOf(() => `${host.hostControl.pcpuCount()} pcpus\n`),
    }),
    vm: vmFolder(sources),
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
  const { vm, group } = sources.statistics.host;
  const groupRow = vm.groupRow(row);
  return folderOf({
    names: fileOf(
      () => `vmid=${vm.worldId(row)} pid=${vm.pid(row)} displayName="${printable(vm.name(row))}"\n`,
    ),
    cpu: folderOf({
      status: fileOf(() => cpuText(sources, one => one === row)),
      shares: fileOf(() => `${group.cpuShares(groupRow)}\n`),
      min: fileOf(() => `${Math.round(group.cpuMin(groupRow) * 100)}\n`),
      max: fileOf(() => {
        const max = group.cpuMax(groupRow);
        return `${max < 0 ? vm.vcpus(row) * 100 : Math.round(max * 100)}\n`;
      }),
    }),
    mem: folderOf({ status: fileOf(() => vmMemoryText(sources, one => one === row)) }),
  });
}

function vmRows({ statistics: { host } }: TreeSources): number[] {
  const all = Array.from({ length: host.hostControl.vmCount() }, (_, row) => row);
  return all.filter(row => inUse(host.vm.generation(row)));
}

/** Columns of the product's, of those that are measured: times in seconds. */
function cpuText({ statistics, nowUs }: TreeSources, wanted: (vmRow: number) => boolean): string {
  const { host, sched } = statistics;
  const figures = emptySchedWorldFigures();
  const rows: string[][] = [];
  for (let row = 0; row < host.hostControl.worldCount(); row++) {
    const generation = host.world.generation(row);
    if (!inUse(generation) || !wanted(host.world.vmRow(row))) continue;
    if (!sched.schedWorld.read(row, figures) || figures.generation !== generation) continue;
    const vmRow = host.world.vmRow(row);
    const groupRow = host.world.groupRow(row);
    rows.push([
      String(host.world.worldId(row)),
      vmRow < 0 ? '-' : String(host.vm.worldId(vmRow)),
      printable(host.world.name(row)),
      seconds(nowUs() - figures.createdUs),
      seconds(figures.runUs),
      seconds(figures.systemUs),
      seconds(figures.waitUs),
      seconds(figures.idleUs),
      seconds(figures.readyUs),
      String(figures.pcpu),
      String(host.group.cpuShares(groupRow)),
    ]);
  }
  const titles = [
    'vcpu',
    'vm',
    'name',
    'uptime',
    'usedsec',
    'syssec',
    'waitsec',
    'idlesec',
    'readysec',
    'cpu',
    'shares',
  ];
  return table([titles, ...rows]);
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

/** Names without blanks of their own would shift columns: they are one word. */
function printable(name: string): string {
  return name.replace(/[\p{Cc}"]/gu, '?').replace(/\s/g, '_');
}

function table(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)));
  return rows.map(row => `${row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join(' ')}\n`).join('');
}
