import { GroupKind, WorldKind } from '../../kernel/abi/index.js';
import type { ConsoleTimes } from './console-times.js';
import { isShown } from './fields.js';
import type { CpuAllocation, GroupRate } from './group-rates.js';
import type { CpuPercent, CpuSample, MonitorRate, WorldRate } from './rates.js';

/** One counter of a recording: its name after the host's, and its value in a sample; null: nothing measured. */
interface Counter {
  readonly name: string;
  readonly value: (sample: IndexedSample) => number | null;
  /** After the decimal point; 2 where not told. */
  readonly digits?: number;
}

interface IndexedSample {
  readonly sample: CpuSample;
  readonly groups: ReadonlyMap<number, GroupRate>;
  readonly worlds: ReadonlyMap<number, WorldRate>;
}

const STATE_TIMES: readonly (readonly [title: string, key: keyof CpuPercent])[] = [
  ['% Used', 'used'],
  ['% Run', 'run'],
  ['% System', 'system'],
  ['% Wait', 'wait'],
  ['% Ready', 'ready'],
  ['% Idle', 'idle'],
  ['% Overlap', 'overlap'],
  ['% CoStop', 'costop'],
  ['% Max Limited', 'limited'],
  ['% Swap Wait', 'swap'],
];
type MonitorCounters = readonly (readonly [title: string, key: keyof MonitorRate])[];
const EVENTS: MonitorCounters = [
  ['Switches/sec', 'switches'],
  ['Migrates/sec', 'migrations'],
];
const TIMERS: MonitorCounters = [['Timers/sec', 'timers']];
/** These no other esxtop has. */
const INTERRUPTS: MonitorCounters = [['Interrupts/sec', 'interrupts']];
const MODES: MonitorCounters = [
  ['% Guest User', 'guestUser'],
  ['% Guest Kernel', 'guestKernel'],
  ['% Monitor', 'monitor'],
];
const ALLOCATION: readonly (readonly [title: string, key: Exclude<keyof CpuAllocation, 'units'>])[] = [
  ['Alloc Min', 'min'],
  ['Alloc Max', 'max'],
  ['Alloc Shares', 'shares'],
  ['Alloc Min Limit', 'minLimit'],
];

/** What is recorded of groups and worlds. */
interface Wanted {
  readonly members: boolean;
  readonly times: readonly (readonly [title: string, key: keyof CpuPercent])[];
  readonly monitor: MonitorCounters;
  readonly allocation: typeof ALLOCATION;
}

/**
 * A recording that Windows' perfmon loads: PDH-CSV 4.0. What is recorded is settled by the sample it is made from:
 * groups and worlds that come later are not in it, and those that end leave empty cells.
 */
export class PerfmonRecording {
  readonly #hostName: string;
  readonly #counters: readonly Counter[];

  constructor(
    first: CpuSample,
    console: ConsoleTimes | null,
    options: { readonly fieldOrder: string; readonly all: boolean },
  ) {
    this.#hostName = first.hostName;
    const shown = (letter: string): boolean =>
      options.all || [...options.fieldOrder].some(l => l.toUpperCase() === letter && isShown(l));
    const wanted: Wanted = {
      members: shown('D'),
      times: shown('E') ? STATE_TIMES : [],
      monitor: [
        ...(shown('F') ? [...EVENTS, ...INTERRUPTS] : []),
        ...(shown('H') ? TIMERS : []),
        ...(shown('I') ? MODES : []),
      ],
      allocation: shown('G') ? ALLOCATION : [],
    };
    this.#counters = [
      ...loadCounters(),
      ...pcpuCounters(first),
      ...consoleCounters(console),
      ...first.groups.flatMap(group => groupCounters(group, wanted)),
      ...first.groups.flatMap(group => group.worlds.flatMap(world => worldCounters(group, world, wanted))),
    ];
  }

  /** The first line, with its end. */
  header(): string {
    return csvLine([
      '(PDH-CSV 4.0) (UTC)(0)',
      ...this.#counters.map(({ name }) => `\\\\${this.#hostName}\\${name}`),
    ]);
  }

  row(sample: CpuSample): string {
    const worlds = sample.groups.flatMap(group => group.worlds);
    const indexed = {
      sample,
      groups: new Map(sample.groups.map(group => [group.groupId, group])),
      worlds: new Map(worlds.map(world => [world.worldId, world])),
    };
    const figure = ({ value, digits = 2 }: Counter): string => value(indexed)?.toFixed(digits) ?? '';
    return csvLine([utcTime(sample.wallMs), ...this.#counters.map(figure)]);
  }
}

function loadCounters(): Counter[] {
  return [1, 5, 15].map((minutes, i) => ({
    name: `Physical Cpu Load\\Cpu Load (${minutes} Minute Avg)`,
    value: ({ sample }) => sample.load?.[i] ?? null,
  }));
}

function pcpuCounters(first: CpuSample): Counter[] {
  const object = 'Physical Cpu';
  const title = '% Processor Time';
  const pcpus = first.pcpus.map(
    (_, core): Counter => ({
      name: `${object}(${core})\\${title}`,
      value: ({ sample }) => sample.pcpus[core] ?? null,
    }),
  );
  const lcpus = (first.lcpus ?? []).map(
    (_, pcpu): Counter => ({
      name: `Logical Cpu(${pcpu})\\${title}`,
      value: ({ sample }) => sample.lcpus?.[pcpu] ?? null,
    }),
  );
  return [
    ...pcpus,
    { name: `${object}(_Total)\\${title}`, value: ({ sample }) => sample.pcpuMean },
    ...lcpus,
  ];
}

function consoleCounters(console: ConsoleTimes | null): Counter[] {
  if (console === null) return [];
  const counters: Counter[] = [
    { name: '% User Time', value: ({ sample }) => sample.console?.userPercent ?? null },
    { name: '% System Time', value: ({ sample }) => sample.console?.systemPercent ?? null },
    { name: '% Idle Time', value: ({ sample }) => sample.console?.idlePercent ?? null },
    { name: 'Context Switches/sec', value: ({ sample }) => sample.console?.switchesPerSecond ?? null },
  ];
  if (console.blockedTicks !== null)
    counters.splice(3, 0, {
      name: '% IO Wait Time',
      value: ({ sample }) => sample.console?.waitPercent ?? null,
    });
  return counters.map(({ name, value }) => ({ name: `Console Physical Cpu\\${name}`, value }));
}

function groupCounters(group: GroupRate, wanted: Wanted): Counter[] {
  const object = `Group Cpu(${group.groupId}:${instance(group.name)})`;
  const { groupId } = group;
  const members: Counter = {
    name: `${object}\\Members`,
    value: ({ groups }) => groups.get(groupId)?.members ?? null,
    digits: 0,
  };
  const allocation = wanted.allocation.map(
    ([title, key]): Counter => ({
      name: `${object}\\${title}`,
      value: ({ groups }) => groups.get(groupId)?.allocation[key] ?? null,
      digits: 0,
    }),
  );
  const hasMonitors = group.kind === GroupKind.vm || group.kind === GroupKind.pool;
  return [
    ...(wanted.members ? [members] : []),
    ...rateCounters(object, wanted, ({ groups }) => groups.get(groupId), hasMonitors),
    ...allocation,
  ];
}

function worldCounters(group: GroupRate, world: WorldRate, wanted: Wanted): Counter[] {
  const { worldId } = world;
  const name = [group.groupId, instance(group.name), worldId, instance(world.name)].join(':');
  const isVcpu = world.kind === WorldKind.vmm;
  return rateCounters(`Vcpu(${name})`, wanted, ({ worlds }) => worlds.get(worldId), isVcpu);
}

/** @param monitored what a monitor tells is recorded of those alone that have one */
function rateCounters(
  object: string,
  { times, monitor }: Wanted,
  find: (sample: IndexedSample) => GroupRate | WorldRate | undefined,
  monitored: boolean,
): Counter[] {
  return [
    ...times.map(([title, key]) => ({
      name: `${object}\\${title}`,
      value: (sample: IndexedSample) => find(sample)?.percent?.[key] ?? null,
    })),
    ...(monitored ? monitor : []).map(([title, key]) => ({
      name: `${object}\\${title}`,
      value: (sample: IndexedSample) => find(sample)?.monitor?.[key] ?? null,
    })),
  ];
}

/** perfmon's own rule for the characters that its counter paths are made of; control characters go too. */
const REPLACED: Readonly<Record<string, string>> = { '(': '[', ')': ']', '#': '_', '/': '_', '\\': '_' };

function instance(name: string): string {
  return name.replace(/[()#/\\]/g, found => REPLACED[found] ?? '_').replace(/\p{C}/gu, '_');
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map(cell => `"${cell.replaceAll('"', '""')}"`).join(',')}\n`;
}

/** `MM/dd/yyyy HH:mm:ss` */
function utcTime(wallMs: number): string {
  const [, year, month, day, time] =
    /^(\d+)-(\d+)-(\d+)T(\d+:\d+:\d+)/.exec(new Date(wallMs).toISOString()) ?? [];
  return `${month}/${day}/${year} ${time}`;
}
