import {
  emptySchedGroupFigures,
  emptySchedPcpuFigures,
  emptySchedWorldFigures,
  type SchedGroupFigures,
  type SchedPcpuFigures,
  type SchedWorldFigures,
  WorldKind,
  WorldState,
} from '../../kernel/abi/index.js';
import { affinityOf, htSharingOf, inUnits, maxOf, minOf, unitsOf } from './cpu-claims.js';
import { columns, inUse, printable, seconds, type TextColumn, type TreeSources } from './text.js';
import { fileOf, folderOf, type Place } from './tree.js';

/** /proc/vmware/sched: worlds, groups and PCPUs. Times are seconds since boot or since the world was made. */
export function schedFolder(sources: TreeSources, others: Readonly<Record<string, Place>>): Place {
  return folderOf({
    cpu: fileOf(() => worldsText(sources, worldColumns(sources), () => true)),
    'cpu-verbose': fileOf(() =>
      worldsText(sources, [...worldColumns(sources), ...verboseColumns()], () => true),
    ),
    groups: fileOf(() => groupsText(sources)),
    idle: fileOf(() => idleText(sources)),
    ncpus: fileOf(() => countsText(sources)),
    ...others,
  });
}

/** The worlds of one VM, as `sched/cpu` shows them. */
export function vmWorldsText(sources: TreeSources, vmRow: number): string {
  return worldsText(sources, worldColumns(sources), one => one === vmRow);
}

interface WorldLine {
  readonly row: number;
  readonly groupRow: number;
  readonly vmRow: number;
  readonly kind: number;
  readonly figures: SchedWorldFigures;
}

const TYPE = new Map<number, string>([
  [WorldKind.idle, 'I'],
  [WorldKind.system, 'S'],
  [WorldKind.console, 'C'],
  [WorldKind.vmm, 'V'],
  [WorldKind.vmx, 'U'],
]);
const STATUS = new Map<number, string>([
  [WorldState.run, 'RUN'],
  [WorldState.ready, 'READY'],
  [WorldState.wait, 'WAIT'],
  [WorldState.costop, 'CORUN'],
  [WorldState.zombie, 'ZOMBIE'],
]);

/** The product's columns, but for those whose figures nobody has (costatus, wait). */
function worldColumns(sources: TreeSources): TextColumn<WorldLine>[] {
  const { statistics, nowUs } = sources;
  const { host, sched } = statistics;
  const ofGroup = (shown: (groupRow: number) => string) => (line: WorldLine) => shown(line.groupRow);
  const guaranteed = emptySchedGroupFigures();
  return [
    ['vcpu', ({ row }) => String(host.world.worldId(row))],
    ['vm', ({ vmRow }) => (vmRow < 0 ? '-' : String(host.vm.worldId(vmRow)))],
    ['type', ({ kind }) => TYPE.get(kind) ?? '?'],
    ['name', ({ row }) => printable(host.world.name(row))],
    ['uptime', ({ figures }) => seconds(nowUs() - figures.createdUs)],
    ['status', ({ figures }) => STATUS.get(figures.state) ?? 'NEW'],
    ['usedsec', ({ figures }) => seconds(figures.usedUs)],
    ['syssec', ({ figures }) => seconds(figures.systemUs)],
    ['waitsec', ({ figures }) => seconds(figures.waitUs)],
    ['idlesec', ({ figures }) => seconds(figures.idleUs)],
    ['readysec', ({ figures }) => seconds(figures.readyUs)],
    ['cpu', ({ figures }) => String(figures.pcpu)],
    ['affinity', line => ownPcpu(sources, line) ?? affinityOf(statistics, line.groupRow)],
    ['htsharing', ofGroup(row => htSharingOf(statistics, row))],
    ['min', ofGroup(row => minOf(statistics, row))],
    ['max', ofGroup(row => maxOf(statistics, row))],
    ['units', ofGroup(row => unitsOf(statistics, row))],
    ['shares', ofGroup(row => String(host.group.cpuShares(row)))],
    ['group', ofGroup(row => printable(host.group.name(row)))],
    [
      'emin',
      ofGroup(row => {
        const known = sched.schedGroup.read(row, guaranteed) && guaranteed.takenUs > 0;
        return known ? inUnits(statistics, row, guaranteed.guaranteed) : '-';
      }),
    ],
  ];
}

function ownPcpu({ statistics }: TreeSources, { row }: WorldLine): string | undefined {
  const pcpu = statistics.host.world.pcpu(row);
  return pcpu < 0 ? undefined : String(pcpu);
}

function verboseColumns(): TextColumn<WorldLine>[] {
  return [
    ['runsec', ({ figures }) => seconds(figures.runUs)],
    ['overlapsec', ({ figures }) => seconds(figures.overlapUs)],
    ['corunsec', ({ figures }) => seconds(figures.costopUs)],
    ['limitedsec', ({ figures }) => seconds(figures.limitedUs)],
    ['swapsec', ({ figures }) => seconds(figures.swapUs)],
    ['guestusersec', vcpuSeconds(figures => figures.guestUserUs)],
    ['guestkernelsec', vcpuSeconds(figures => figures.guestKernelUs)],
    ['monitorsec', vcpuSeconds(figures => figures.monitorUs)],
    ['switches', vcpuCount(figures => figures.dispatches)],
    ['migrations', vcpuCount(figures => figures.migrations)],
    ['interrupts', vcpuCount(figures => figures.interrupts)],
    ['timers', vcpuCount(figures => figures.timerInterrupts)],
  ];
}

/** Linux schedules the other worlds itself: nobody counts these of them. */
function vcpuCount(figure: (figures: SchedWorldFigures) => number): (line: WorldLine) => string {
  return ({ kind, figures }) => (kind === WorldKind.vmm ? String(figure(figures)) : '-');
}

function vcpuSeconds(figure: (figures: SchedWorldFigures) => number): (line: WorldLine) => string {
  return ({ kind, figures }) => (kind === WorldKind.vmm ? seconds(figure(figures)) : '-');
}

function worldsText(
  sources: TreeSources,
  shown: readonly TextColumn<WorldLine>[],
  wanted: (vmRow: number) => boolean,
): string {
  const { host, sched } = sources.statistics;
  const lines: WorldLine[] = [];
  for (let row = 0; row < host.hostControl.worldCount(); row++) {
    const generation = host.world.generation(row);
    const vmRow = host.world.vmRow(row);
    if (!inUse(generation) || !wanted(vmRow)) continue;
    const figures = emptySchedWorldFigures();
    if (!sched.schedWorld.read(row, figures) || figures.generation !== generation) continue;
    lines.push({ row, vmRow, groupRow: host.world.groupRow(row), kind: host.world.kind(row), figures });
  }
  return columns(shown, lines);
}

interface GroupLine {
  readonly row: number;
  readonly figures: SchedGroupFigures;
}

function groupsText({ statistics }: TreeSources): string {
  const { host, sched } = statistics;
  const { group } = host;
  const lines: GroupLine[] = [];
  for (let row = 0; row < host.hostControl.groupCount(); row++) {
    const figures = emptySchedGroupFigures();
    const generation = group.generation(row);
    if (!inUse(generation)) continue;
    if (!sched.schedGroup.read(row, figures) || figures.generation !== generation) figures.takenUs = 0;
    lines.push({ row, figures });
  }
  const members = new Map<number, number>();
  for (let row = 0; row < host.hostControl.worldCount(); row++)
    if (inUse(host.world.generation(row)))
      members.set(host.world.groupRow(row), (members.get(host.world.groupRow(row)) ?? 0) + 1);
  const pcpus = (figure: (figures: SchedGroupFigures) => number) => (line: GroupLine) =>
    line.figures.takenUs > 0 ? inUnits(statistics, line.row, figure(line.figures)) : '-';
  const time = (figure: (figures: SchedGroupFigures) => number) => (line: GroupLine) =>
    line.figures.takenUs > 0 ? seconds(figure(line.figures)) : '-';
  return columns<GroupLine>(
    [
      ['gid', ({ row }) => String(group.groupId(row))],
      ['parent', ({ row }) => (group.parentRow(row) < 0 ? '-' : String(group.groupId(group.parentRow(row))))],
      ['name', ({ row }) => printable(group.name(row))],
      ['worlds', ({ row }) => String(members.get(row) ?? 0)],
      ['min', ({ row }) => minOf(statistics, row)],
      ['max', ({ row }) => maxOf(statistics, row)],
      ['minlimit', ({ row }) => (group.cpuExpandable(row) === 1 ? 'unlimited' : minOf(statistics, row))],
      ['units', ({ row }) => unitsOf(statistics, row)],
      ['shares', ({ row }) => String(group.cpuShares(row))],
      ['affinity', ({ row }) => affinityOf(statistics, row)],
      ['emin', pcpus(figures => figures.guaranteed)],
      ['entitled', pcpus(figures => figures.entitled)],
      ['demand', pcpus(figures => figures.demand)],
      ['usedsec', time(figures => figures.usedUs)],
      ['readysec', time(figures => figures.readyUs)],
      ['waitsec', time(figures => figures.waitUs)],
      ['limitedsec', time(figures => figures.limitedUs)],
      ['extrasec', time(figures => figures.extraUs)],
    ],
    lines,
  );
}

function idleText({ statistics: { host, sched } }: TreeSources): string {
  const lines = Array.from({ length: host.hostControl.pcpuCount() }, (_, pcpu) => {
    const figures = emptySchedPcpuFigures();
    return { pcpu, figures: sched.schedPcpu.read(pcpu, figures) ? figures : null };
  });
  type Line = { readonly pcpu: number; readonly figures: SchedPcpuFigures | null };
  const time = (figure: (figures: SchedPcpuFigures) => number) => (line: Line) =>
    line.figures === null ? '-' : seconds(figure(line.figures));
  return columns<Line>(
    [
      ['cpu', ({ pcpu }) => String(pcpu)],
      ['idlesec', time(figures => figures.idleUs)],
      ['usedsec', time(figures => figures.usedUs)],
      ['othersec', time(figures => figures.otherUs)],
    ],
    lines,
  );
}

function countsText({ statistics: { host } }: TreeSources): string {
  const pcpus = Array.from({ length: host.hostControl.pcpuCount() }, (_, pcpu) => pcpu);
  const count = (placeOf: (pcpu: number) => number): number => new Set(pcpus.map(placeOf)).size;
  return [
    `${pcpus.length} pcpus`,
    `${count(pcpu => host.pcpu.core(pcpu))} cores`,
    `${count(pcpu => host.pcpu.package(pcpu))} packages`,
    `${count(pcpu => host.pcpu.node(pcpu))} nodes`,
    '',
  ].join('\n');
}
