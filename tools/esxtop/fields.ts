import { WorldKind } from '../../kernel/abi/index.js';
import { affinityMask, type CpuAllocation, type GroupRate } from './group-rates.js';
import type { CpuPercent, MonitorRate, WorldRate } from './rates.js';

/** A line of the CPU panel's table: a group, or a world of an expanded group. */
export interface CpuRow {
  readonly id: number;
  readonly gid: number;
  /** How many shown groups it stands below. */
  readonly depth: number;
  readonly name: string;
  readonly members: number;
  readonly percent: CpuPercent | null;
  readonly monitor: MonitorRate | null;
  /** Only groups have an allocation. */
  readonly allocation: CpuAllocation | null;
  readonly affinity: string;
  readonly htSharing: string;
  /** Only worlds are on a PCPU. */
  readonly pcpu: number | null;
  /** Of a virtual CPU: whether it is kept from sharing a core because it thrashes the caches. Nobody is here. */
  readonly quarantined: boolean | null;
}

export function groupRow(group: GroupRate, depth: number): CpuRow {
  const { groupId, name, members, percent, monitor, allocation, affinity, htSharing } = group;
  return {
    ...{ id: groupId, gid: groupId, depth, name, members, percent, monitor, allocation, affinity, htSharing },
    pcpu: null,
    quarantined: null,
  };
}

/** @param group the world's own */
export function worldRow(group: GroupRate, world: WorldRate, depth: number): CpuRow {
  const { worldId, groupId, name, percent, monitor, pcpu, boundTo } = world;
  return {
    ...{ id: worldId, gid: groupId, depth, name, members: 1, percent, monitor, allocation: null, pcpu },
    affinity: boundTo === null ? group.affinity : maskOf(boundTo),
    htSharing: group.htSharing,
    quarantined: world.kind === WorldKind.vmm ? false : null,
  };
}

function maskOf(pcpu: number): string {
  return pcpu < 32 ? affinityMask(2 ** pcpu, 0, 0) : affinityMask(0, 2 ** (pcpu - 32), 0);
}

export interface Column {
  readonly title: string;
  /** 0: as wide as names are set to. */
  readonly width: number;
  readonly value: (row: CpuRow) => string;
}

/** A group of columns that is shown, hidden and moved as one, under a letter of the panel. */
export interface Field {
  readonly letter: string;
  readonly title: string;
  readonly meaning: string;
  readonly columns: readonly Column[];
}

/** What stands where nothing was measured or nothing applies. */
export const NO_FIGURE = '-';

const percentColumn = (title: string, key: keyof CpuPercent): Column => ({
  title,
  width: 8,
  value: row => (row.percent === null ? NO_FIGURE : row.percent[key].toFixed(2)),
});

const monitorColumn = (title: string, key: keyof MonitorRate, width = 8): Column => ({
  title,
  width,
  value: row => (row.monitor === null ? NO_FIGURE : row.monitor[key].toFixed(2)),
});

/** Letters A to H are the product's; INTR/s, and I for what the monitors tell of their guests, are this host's. */
export const FIELDS: readonly Field[] = [
  {
    letter: 'A',
    title: 'ID',
    meaning: 'Id of the group or world',
    columns: [{ title: 'ID', width: 8, value: row => `${row.id}` }],
  },
  {
    letter: 'B',
    title: 'GID',
    meaning: 'Id of its group',
    columns: [{ title: 'GID', width: 9, value: row => `${row.gid}` }],
  },
  {
    letter: 'C',
    title: 'NAME',
    meaning: 'Name',
    columns: [{ title: 'NAME', width: 0, value: row => row.name }],
  },
  {
    letter: 'D',
    title: 'NWLD',
    meaning: 'Number of worlds',
    columns: [{ title: 'NWLD', width: 5, value: row => `${row.members}` }],
  },
  {
    letter: 'E',
    title: '%STATE TIMES',
    meaning: 'CPU state times',
    columns: [
      percentColumn('%USED', 'used'),
      percentColumn('%RUN', 'run'),
      percentColumn('%SYS', 'system'),
      percentColumn('%WAIT', 'wait'),
      percentColumn('%RDY', 'ready'),
      percentColumn('%IDLE', 'idle'),
      percentColumn('%OVRLP', 'overlap'),
      percentColumn('%CSTP', 'costop'),
      percentColumn('%MLMTD', 'limited'),
      percentColumn('%SWPWT', 'swap'),
    ],
  },
  {
    letter: 'F',
    title: 'EVENT COUNTS/s',
    meaning: 'Switches to a world, its migrations between PCPUs, interrupts of the guest',
    columns: [
      monitorColumn('SWTCH/s', 'switches', 9),
      monitorColumn('MIG/s', 'migrations'),
      monitorColumn('INTR/s', 'interrupts', 9),
    ],
  },
  {
    letter: 'G',
    title: 'CPU ALLOC',
    meaning: 'CPU reservation, limit, shares, and what children may reserve',
    columns: [
      { title: 'AMIN', width: 7, value: row => allocated(row, a => `${a.min}`) },
      { title: 'AMAX', width: 7, value: row => allocated(row, a => `${a.max}`) },
      { title: 'ASHRS', width: 7, value: row => allocated(row, a => `${a.shares}`) },
      { title: 'AMLMT', width: 7, value: row => allocated(row, a => `${a.minLimit}`) },
      { title: 'AUNITS', width: 7, value: row => allocated(row, a => a.units) },
    ],
  },
  {
    letter: 'H',
    title: 'SUMMARY STATS',
    meaning: 'PCPUs it may use and is on, sharing of cores, quarantine, timer interrupts',
    columns: [
      { title: 'AFFINITY_BIT_MASK', width: 18, value: row => row.affinity },
      { title: 'HTSHARING', width: 10, value: row => row.htSharing },
      { title: 'CPU', width: 4, value: row => (row.pcpu === null ? NO_FIGURE : `${row.pcpu}`) },
      {
        title: 'HTQ',
        width: 4,
        value: row => (row.quarantined === null ? NO_FIGURE : yesOrNo(row.quarantined)),
      },
      monitorColumn('TIMER/s', 'timers', 9),
    ],
  },
  {
    letter: 'I',
    title: 'EXECUTION MODES',
    meaning: 'Guest outside ring 0, guest in ring 0, the monitor itself',
    columns: [
      monitorColumn('%GUSER', 'guestUser'),
      monitorColumn('%GKRNL', 'guestKernel'),
      monitorColumn('%MON', 'monitor'),
    ],
  },
];

const yesOrNo = (is: boolean): string => (is ? 'Y' : 'N');

function allocated(row: CpuRow, show: (allocation: NonNullable<CpuRow['allocation']>) => string): string {
  return row.allocation === null ? NO_FIGURE : show(row.allocation);
}

/** Order of the fields by letter; an upper-case letter is shown, a lower-case one hidden. */
export const DEFAULT_FIELD_ORDER = 'ABCDEfghi';

export const isShown = (letter: string): boolean => letter === letter.toUpperCase();

/** The same order with every field shown. */
export const allShown = (order: string): string => order.toUpperCase();

export function fieldOf(letter: string): Field | undefined {
  return FIELDS.find(field => field.letter === letter.toUpperCase());
}

export function shownColumns(order: string): Column[] {
  return [...order].filter(isShown).flatMap(letter => fieldOf(letter)?.columns ?? []);
}

/**
 * A field order as a file has it: those it does not name, of another version of this program or the product's, come
 * last and hidden. @returns undefined where a letter is none or stands twice
 */
export function completeFieldOrder(order: string): string | undefined {
  const letters = [...order.toUpperCase()];
  const known = FIELDS.map(field => field.letter);
  if (letters.length === 0 || new Set(letters).size < letters.length) return undefined;
  if (letters.some(letter => !known.includes(letter))) return undefined;
  return (
    order +
    known
      .filter(letter => !letters.includes(letter))
      .join('')
      .toLowerCase()
  );
}

export function toggleField(order: string, letter: string): string {
  return [...order].map(l => (l.toUpperCase() === letter.toUpperCase() ? flip(l) : l)).join('');
}

const flip = (letter: string): string => (isShown(letter) ? letter.toLowerCase() : letter.toUpperCase());

/** Moves a field one place to the left (-1) or right (1); at the border nothing moves. */
export function moveField(order: string, letter: string, by: -1 | 1): string {
  const letters = [...order];
  const from = letters.findIndex(l => l.toUpperCase() === letter.toUpperCase());
  const moved = letters[from];
  const neighbour = letters[from + by];
  if (moved === undefined || neighbour === undefined) return order;
  letters[from] = neighbour;
  letters[from + by] = moved;
  return letters.join('');
}
