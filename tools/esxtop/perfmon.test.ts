import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { GroupKind, WorldKind } from '../../kernel/abi/index.js';
import { DEFAULT_FIELD_ORDER } from './fields.js';
import { PerfmonRecording } from './perfmon.js';
import { ratesBetween } from './rates.js';
import { type Snapshot, takeSnapshot } from './snapshot.js';
import { HostTables } from './testing/fake-host.js';

const WALL_MS = Date.UTC(2026, 10, 21, 13, 7, 14);
const options = { fieldOrder: DEFAULT_FIELD_ORDER, all: false };

const snapshot = (tables: HostTables): Snapshot =>
  takeSnapshot({ host: tables.host, sched: tables.sched, wallMs: WALL_MS, console: null }, null);

function oneVm(name: string): HostTables {
  const tables = HostTables.inMemory();
  tables.group(0, 16, name, GroupKind.vm);
  tables.world(0, 1024, 0, 'vmware-vmx');
  tables.times(0, { taken: 1e6, run: 0, wait: 1e6 });
  tables.pcpu(0, 0, 1e6, 1e6);
  tables.published(1e6);
  return tables;
}

function advance(tables: HostTables): void {
  tables.times(0, { taken: 2e6, run: 250_000, wait: 1_750_000 });
  tables.pcpu(0, 500_000, 1_500_000, 2e6);
  tables.published(2e6);
}

/** Reads CSV as Python does: a parser that nobody here wrote. */
function parsed(csv: string): string[][] {
  const script = 'import csv, json, sys; print(json.dumps(list(csv.reader(sys.stdin, strict=True))))';
  const { stdout, status, stderr } = spawnSync('python3', ['-c', script], { input: csv, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as string[][];
}

function recorded(tables: HostTables, change: () => void): Map<string, string> {
  const before = snapshot(tables);
  const recording = new PerfmonRecording(ratesBetween(before, before), null, options);
  change();
  const [header = [], row = []] = parsed(
    recording.header() + recording.row(ratesBetween(before, snapshot(tables))),
  );
  expect(row).toHaveLength(header.length);
  return new Map(header.map((name, i) => [name, row[i] ?? '']));
}

describe('PerfmonRecording', () => {
  it('names counters and times as perfmon does', () => {
    const tables = oneVm('linux');
    const cells = recorded(tables, () => advance(tables));
    expect([...cells].slice(0, 6)).toEqual([
      ['(PDH-CSV 4.0) (UTC)(0)', '11/21/2026 13:07:14'],
      ['\\\\esx1\\Physical Cpu Load\\Cpu Load (1 Minute Avg)', '0.01'],
      ['\\\\esx1\\Physical Cpu Load\\Cpu Load (5 Minute Avg)', '0.05'],
      ['\\\\esx1\\Physical Cpu Load\\Cpu Load (15 Minute Avg)', '0.02'],
      ['\\\\esx1\\Physical Cpu(0)\\% Processor Time', '50.00'],
      ['\\\\esx1\\Physical Cpu(_Total)\\% Processor Time', '50.00'],
    ]);
    expect(cells.get('\\\\esx1\\Group Cpu(16:linux)\\Members')).toBe('1');
    const times = [
      'Used',
      'Run',
      'System',
      'Wait',
      'Ready',
      'Idle',
      'Overlap',
      'CoStop',
      'Max Limited',
      'Swap Wait',
    ];
    expect(times.map(name => cells.get(`\\\\esx1\\Group Cpu(16:linux)\\% ${name}`))).toEqual(
      '25.00 25.00 0.00 75.00 0.00 0.00 0.00 0.00 0.00 0.00'.split(' '),
    );
    expect(cells.get('\\\\esx1\\Vcpu(16:linux:1024:vmware-vmx)\\% Used')).toBe('25.00');
    expect(cells.size).toBe(6 + 11 + 10);
  });

  it('quotes every cell', () => {
    const tables = oneVm('linux');
    const recording = new PerfmonRecording(ratesBetween(snapshot(tables), snapshot(tables)), null, options);
    expect(recording.header()).toMatch(/^("[^"]*",)+"[^"]*"\n$/);
  });

  it('keeps hostile names in one cell and out of the path', () => {
    const tables = oneVm('a "b", (c)\\d/e#f\n\x1b');
    const cells = recorded(tables, () => advance(tables));
    expect(cells.get('\\\\esx1\\Group Cpu(16:a "b", [c]_d_e_f__)\\% Used')).toBe('25.00');
  });

  it('records what there was at the start: later worlds are not in it, ended ones leave empty cells', () => {
    const tables = oneVm('linux');
    const cells = recorded(tables, () => {
      tables.endWorld(0);
      tables.group(1, 17, 'late', GroupKind.vm);
      tables.world(1, 1030, 1, 'vmware-vmx');
      tables.times(1, { taken: 2e6, run: 1e6, wait: 1e6 });
      tables.published(2e6);
    });
    expect(cells.get('\\\\esx1\\Group Cpu(16:linux)\\% Used')).toBe('');
    expect(cells.get('\\\\esx1\\Vcpu(16:linux:1024:vmware-vmx)\\% Used')).toBe('');
    expect([...cells.keys()].filter(name => name.includes('late'))).toEqual([]);
  });

  it('records the fields that are shown, or all', () => {
    const tables = oneVm('linux');
    tables.world(1, 1025, 0, 'vmm0', WorldKind.vmm);
    const sample = ratesBetween(snapshot(tables), snapshot(tables));
    const titles = (fieldOrder: string, all: boolean): string =>
      new PerfmonRecording(sample, null, { fieldOrder, all }).header();
    expect(titles('ABCdefghi', false)).not.toMatch(/Group Cpu/);
    expect(titles('ABCdefGhi', false)).toMatch(/Group Cpu\(16:linux\)\\Alloc Shares/);
    expect(titles('ABCdeFghI', false)).toMatch(
      /Group Cpu\(16:linux\)\\Switches\/sec.*Vcpu\(16:linux:1025:vmm0\)\\% Guest Kernel/,
    );
    expect(titles('ABCdeFghI', false)).not.toMatch(/vmware-vmx/);
    expect(titles('abcdefghi', true)).toMatch(/Members.*% Used.*% Swap Wait.*Timers\/sec.*Alloc Min Limit/);
  });
});
