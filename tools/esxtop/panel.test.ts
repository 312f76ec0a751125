import { describe, expect, it } from 'vitest';
import { GroupKind, WorldKind } from '../../kernel/abi/index.js';
import { DEFAULT_FIELD_ORDER } from './fields.js';
import type { GroupRate } from './group-rates.js';
import { consoleLine, type PanelOptions, panelLines, panelRows, pcpuLines, summaryLine } from './panel.js';
import type { CpuPercent, CpuSample, MonitorRate, WorldRate } from './rates.js';

const percent = (used: number, ready = 0): CpuPercent => ({
  used,
  run: used,
  system: 0,
  wait: 100 - used - ready,
  ready,
  idle: 0,
  overlap: 0,
  costop: 0,
  limited: 0,
  swap: 0,
});
const world = (worldId: number, groupId: number, name: string, figures: CpuPercent | null): WorldRate => ({
  worldId,
  groupId,
  kind: name.startsWith('vmm') ? WorldKind.vmm : WorldKind.vmx,
  name,
  pcpu: 1,
  boundTo: null,
  percent: figures,
  monitor: null,
});
const group = (groupId: number, name: string, isVm: boolean, worlds: WorldRate[]): GroupRate => ({
  groupId,
  parentId: null,
  kind: isVm ? GroupKind.vm : GroupKind.system,
  name,
  allocation: { min: 612, max: -1, minLimit: -1, shares: 1000, units: 'mhz' },
  affinity: '3',
  htSharing: 'any',
  worlds,
  members: worlds.length,
  percent: worlds[0]?.percent ?? null,
  monitor: null,
});

const sample: CpuSample = {
  wallMs: new Date(2026, 10, 21, 13, 7, 14).getTime(),
  upMs: (2 * 60 + 33) * 60_000,
  hostName: 'esx1',
  worldCount: 163,
  load: [0.01, 0.05, 0.02],
  pcpus: [1.234, 0.5],
  pcpuMean: 0.867,
  lcpus: null,
  console: null,
  groups: [
    group(1, 'idle', false, [world(1, 1, 'idle0', percent(99))]),
    group(16, 'linux', true, [
      world(1024, 16, 'vmware-vmx', percent(20, 1)),
      world(1025, 16, 'vmm0:linux', null),
    ]),
    group(17, 'windows', true, [world(1030, 17, 'vmware-vmx', percent(5, 30))]),
  ],
};
const options: PanelOptions = {
  fieldOrder: DEFAULT_FIELD_ORDER,
  expanded: new Set(),
  sort: 'N',
  vmOnly: false,
  maxRows: 0,
  nameWidth: 16,
};
const wide = { columns: 200, rows: 50 };

describe('summaryLine', () => {
  it('has the form of the product', () => {
    expect(summaryLine(sample)).toBe(' 1:07:14pm up 2:33, 163 worlds; CPU load average: 0.01, 0.05, 0.02');
  });

  it('names days when there are any, and midnight twelve', () => {
    const later = { ...sample, upMs: 49.5 * 3_600_000, wallMs: new Date(2026, 0, 1, 0, 0, 5).getTime() };
    expect(summaryLine(later)).toMatch(/^12:00:05am up 2 days, 1:30, /);
    expect(summaryLine({ ...sample, upMs: 25 * 3_600_000 })).toMatch(/ up 1 day, 1:00, /);
  });
});

describe('the head', () => {
  it('shows each PCPU and their mean', () => {
    expect(pcpuLines(sample, 80)).toEqual(['PCPU(%):   1.23,   0.50 ;  used total:   0.87']);
  });

  it('breaks the PCPU line where the screen ends', () => {
    const many = { ...sample, pcpus: Array.from({ length: 32 }, () => 12.5) };
    const lines = pcpuLines(many, 80);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.every(line => line.length <= 80)).toBe(true);
    expect(lines.join('').match(/12\.50/g)).toHaveLength(32);
  });

  it('leaves out of the console line what Linux does not count', () => {
    const rate = { userPercent: 2, systemPercent: 1, idlePercent: 97, switchesPerSecond: 86 };
    const line = (waitPercent: number | null): string | null =>
      consoleLine({ ...sample, console: { ...rate, waitPercent } });
    expect(line(null)).toBe('CCPU(%):   2 us,   1 sy,  97 id ;  cs/s:     86');
    expect(line(3)).toBe('CCPU(%):   2 us,   1 sy,  97 id,   3 wa ;  cs/s:     86');
    expect(consoleLine(sample)).toBeNull();
  });
});

describe('the table', () => {
  it('has the columns of the product', () => {
    const { lines, promptRow } = panelLines(sample, options, 'asked: ', wide);
    expect(lines[promptRow]).toBe('asked: ');
    expect(lines[promptRow + 1]?.trim().split(/\s+/)).toEqual(
      'ID GID NAME NWLD %USED %RUN %SYS %WAIT %RDY %IDLE %OVRLP %CSTP %MLMTD %SWPWT'.split(' '),
    );
    expect(lines[promptRow + 3]?.trim().split(/\s+/)).toEqual(
      '16 16 linux 2 20.00 20.00 0.00 79.00 1.00 0.00 0.00 0.00 0.00 0.00'.split(' '),
    );
  });

  it('replaces an expanded group by its worlds, and shows what has no figures as such', () => {
    const rows = panelRows(sample, { ...options, expanded: new Set([16]) });
    expect(rows.map(row => [row.id, row.gid, row.name, row.members])).toEqual([
      [1, 1, 'idle', 1],
      [1024, 16, 'vmware-vmx', 1],
      [1025, 16, 'vmm0:linux', 1],
      [17, 17, 'windows', 1],
    ]);
    const { lines } = panelLines(sample, { ...options, expanded: new Set([16]) }, '', wide);
    expect(lines.find(line => line.includes('vmm0:linux'))).toMatch(/vmm0:linux\s+1(\s+-){10}$/);
  });

  it('sorts by GID, use and readiness', () => {
    const order = (sort: PanelOptions['sort']): string[] =>
      panelRows(sample, { ...options, sort }).map(row => row.name);
    expect(order('N')).toEqual(['idle', 'linux', 'windows']);
    expect(order('U')).toEqual(['idle', 'linux', 'windows']);
    expect(order('R')).toEqual(['windows', 'linux', 'idle']);
  });

  it('shows only virtual machines on demand', () => {
    expect(panelRows(sample, { ...options, vmOnly: true }).map(row => row.name)).toEqual([
      'linux',
      'windows',
    ]);
  });

  it('keeps within the screen, leaving out whole columns and last rows', () => {
    const size = { columns: 80, rows: 5 };
    const { lines } = panelLines(sample, options, '', size);
    expect(lines).toHaveLength(5);
    expect(lines.every(line => line.length <= 80)).toBe(true);
    expect(lines[3]).toMatch(/%RDY$/);
  });

  it('shows as many rows as were asked for', () => {
    expect(panelLines(sample, { ...options, maxRows: 1 }, '', wide).lines).toHaveLength(3 + 1 + 1);
  });

  it('shows allocation and what a world may run on when their fields are on', () => {
    const shown = { ...options, fieldOrder: 'CGHabdefi', expanded: new Set([16]) };
    const { lines } = panelLines(sample, shown, '', wide);
    const cells = (line: string | undefined): string[] => line?.trim().split(/\s+/) ?? [];
    expect(cells(lines[3])).toEqual(
      'NAME AMIN AMAX ASHRS AMLMT AUNITS AFFINITY_BIT_MASK HTSHARING CPU HTQ TIMER/s'.split(' '),
    );
    expect(cells(lines.at(-1))).toEqual('windows 612 -1 1000 -1 mhz 3 any - - -'.split(' '));
    expect(cells(lines[5])).toEqual('vmware-vmx - - - - - 3 any 1 - -'.split(' '));
    expect(cells(lines[6])).toEqual('vmm0:linux - - - - - 3 any 1 N -'.split(' '));
  });

  it('shows what monitors count, of those that have one', () => {
    const monitor: MonitorRate = {
      ...{ guestUser: 60, guestKernel: 20, monitor: 10 },
      ...{ switches: 50, migrations: 0.5, interrupts: 250, timers: 100 },
    };
    const groups = [{ ...group(16, 'linux', true, []), monitor }, group(17, 'other', true, [])];
    const { lines } = panelLines({ ...sample, groups }, { ...options, fieldOrder: 'CFIabdegh' }, '', wide);
    const cells = lines.slice(-3).map(line => line.trim().split(/\s+/));
    expect(cells).toEqual([
      ['NAME', 'SWTCH/s', 'MIG/s', 'INTR/s', '%GUSER', '%GKRNL', '%MON'],
      ['linux', '50.00', '0.50', '250.00', '60.00', '20.00', '10.00'],
      ['other', '-', '-', '-', '-', '-', '-'],
    ]);
  });

  const pooled: CpuSample = {
    ...sample,
    groups: [
      group(3, 'console', false, [world(1, 3, 'console', percent(1))]),
      { ...group(4, 'user', false, []), kind: GroupKind.pool },
      { ...group(16, 'vm-a', true, [world(21, 16, 'vmm0:a', percent(10))]), parentId: 18 },
      { ...group(17, 'vm-b', true, [world(22, 17, 'vmm0:b', percent(90))]), parentId: 4 },
      { ...group(18, 'gold', false, []), kind: GroupKind.pool, parentId: 4 },
    ],
  };

  it('shows pools as the tree that they are, and flat when sorted by a figure', () => {
    const rows = (more: Partial<PanelOptions>): (readonly [string, number])[] =>
      panelRows(pooled, { ...options, ...more }).map(row => [row.name, row.depth]);
    expect(rows({})).toEqual([
      ['console', 0],
      ['user', 0],
      ['vm-b', 1],
      ['gold', 1],
      ['vm-a', 2],
    ]);
    expect(rows({ sort: 'U' }).map(([name]) => name)).toEqual(['vm-b', 'vm-a', 'console', 'user', 'gold']);
    expect(rows({ vmOnly: true })).toEqual([
      ['vm-a', 0],
      ['vm-b', 0],
    ]);
    expect(panelLines(pooled, options, '', wide).lines.at(-1)).toMatch(/ {6}16 {7}16 {3}vm-a/);
  });

  it('expands a pool into the worlds of everything in it', () => {
    for (const sort of ['N', 'U'] as const) {
      const rows = panelRows(pooled, { ...options, sort, expanded: new Set([4]) });
      expect(rows.map(row => [row.gid, row.name])).toEqual([
        [3, 'console'],
        [16, 'vmm0:a'],
        [17, 'vmm0:b'],
      ]);
    }
  });

  it('shows hyper-threads in a line of their own', () => {
    const threads = { ...sample, pcpus: [100, 30], pcpuMean: 65, lcpus: [60, 40, 30, 0] };
    expect(pcpuLines(threads, 80)).toEqual([
      'PCPU(%): 100.00,  30.00 ;  used total:  65.00',
      'LCPU(%):  60.00,  40.00,  30.00,   0.00',
    ]);
  });

  it('lets no name command the terminal or shift the columns', () => {
    const named = (name: string): string[] => {
      const groups = [group(9, name, true, [world(1, 9, 'w', percent(1))])];
      return panelLines({ ...sample, groups }, options, '', wide).lines;
    };
    const plain = named('plain').at(-1)?.length ?? 0;
    expect(named('\x1b]0;evil\x07\n\x9b2J').join('')).not.toMatch(/[\p{Cc}]/u);
    expect(named('a name much too long for its column').at(-1)).toContain(' a name much too     1 ');
    expect(named('a\u0301b').at(-1)).toHaveLength(plain + 1);
    expect(named('\u6771\u4eac').at(-1)).toHaveLength(plain - 2);
  });
});
