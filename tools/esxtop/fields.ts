import type { CpuPercent, GroupRate, WorldRate } from './rates.js';

/** A line of the CPU panel's table: a group, or a world of an expanded group. */
export interface CpuRow {
  readonly id: number;
  readonly gid: number;
  readonly name: string;
  readonly members: number;
  readonly percent: CpuPercent | null;
  /** Only groups have an allocation; PCPUs, a limit of -1 is none. */
  readonly allocation: { readonly min: number; readonly max: number; readonly shares: number } | null;
  /** Only worlds are on a PCPU. */
  readonly pcpu: number | null;
}

export function groupRow(group: GroupRate): CpuRow {
  const { groupId, name, worlds, percent, min, max, shares } = group;
  return {
    id: groupId,
    gid: groupId,
    name,
    members: worlds.length,
    percent,
    allocation: { min, max, shares },
    pcpu: null,
  };
}

export function worldRow(world: WorldRate): CpuRow {
  const { worldId, groupId, name, percent, pcpu } = world;
  return { id: worldId, gid: groupId, name, members: 1, percent, allocation: null, pcpu };
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

const percentOfOnePcpu = (pcpus: number): string => (pcpus < 0 ? '-1' : (100 * pcpus).toFixed(0));

/** Letters are the product's; F (event counts) is left out because the VMkernel counts no world switches. */
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
    ],
  },
  {
    letter: 'G',
    title: 'CPU ALLOC',
    meaning: 'CPU reservation, limit and shares',
    columns: [
      { title: 'AMIN', width: 6, value: row => allocated(row, a => percentOfOnePcpu(a.min)) },
      { title: 'AMAX', width: 6, value: row => allocated(row, a => percentOfOnePcpu(a.max)) },
      { title: 'ASHRS', width: 7, value: row => allocated(row, a => `${a.shares}`) },
      { title: 'AUNITS', width: 7, value: row => allocated(row, () => 'pct') },
    ],
  },
  {
    letter: 'H',
    title: 'SUMMARY STATS',
    meaning: 'PCPU of the present or last grant, % waiting for pages',
    columns: [
      { title: 'CPU', width: 4, value: row => (row.pcpu === null ? NO_FIGURE : `${row.pcpu}`) },
      percentColumn('%SWPWT', 'swap'),
    ],
  },
];

function allocated(row: CpuRow, show: (allocation: NonNullable<CpuRow['allocation']>) => string): string {
  return row.allocation === null ? NO_FIGURE : show(row.allocation);
}

/** Order of the fields by letter; an upper-case letter is shown, a lower-case one hidden. */
export const DEFAULT_FIELD_ORDER = 'ABCDEgh';

export const isShown = (letter: string): boolean => letter === letter.toUpperCase();

export function fieldOf(letter: string): Field | undefined {
  return FIELDS.find(field => field.letter === letter.toUpperCase());
}

export function shownColumns(order: string): Column[] {
  return [...order].filter(isShown).flatMap(letter => fieldOf(letter)?.columns ?? []);
}

/** Whether every field is named once. */
export function isFieldOrder(order: string): boolean {
  const letters = [...order.toUpperCase()].sort().join('');
  return letters === FIELDS.map(field => field.letter).join('');
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
