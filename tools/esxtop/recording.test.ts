import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GroupKind, WorldKind } from '../../kernel/abi/index.js';
import { PerfmonRecording } from './perfmon.js';
import { ratesBetween } from './rates.js';
import { Replay, recorded } from './recording.js';
import { type Snapshot, takeSnapshot } from './snapshot.js';
import type { SnapshotSource } from './source.js';
import { HostTables } from './testing/fake-host.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esxtop-recording-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A VM whose monitor runs a third, with figures that no decimal writes exactly. */
function source(tables: HostTables): SnapshotSource {
  let takenUs = 1e6 / 3;
  return {
    over: new AbortController().signal,
    snapshot: previous => {
      takenUs += 1e6 / 7;
      tables.times(0, { taken: takenUs, run: takenUs / 3, wait: (2 * takenUs) / 3, idle: takenUs / 9 });
      tables.monitor(0, { user: takenUs / 5, kernel: takenUs / 11, timers: Math.floor(takenUs / 1e4) });
      tables.pcpu(0, takenUs / 3, (2 * takenUs) / 3, takenUs);
      tables.published(takenUs);
      const console = {
        takenMs: takenUs / 1000,
        userTicks: Math.floor(takenUs / 1e5),
        systemTicks: 0,
        blockedTicks: null,
        switches: new Map([[7, Math.floor(takenUs / 1e3)]]),
      };
      return takeSnapshot({ host: tables.host, sched: tables.sched, wallMs: 1.7e12, console }, previous);
    },
    endVm: () => Promise.resolve(''),
    close: () => undefined,
  };
}

function tablesOfOneVm(): HostTables {
  const tables = HostTables.inMemory();
  tables.group(0, 16, 'a "b",\n\u6771', GroupKind.vm, 1.5);
  tables.world(0, 1025, 0, 'vmm0', WorldKind.vmm);
  return tables;
}

/** A recording of so many looks, and the looks. */
function record(count: number): Snapshot[] {
  const recorder = recorded(source(tablesOfOneVm()), folder, 3000);
  let previous: Snapshot | null = null;
  return Array.from({ length: count }, () => {
    previous = recorder.snapshot(previous);
    return previous;
  });
}

function csv(snapshots: readonly Snapshot[]): string {
  const [first] = snapshots;
  if (first === undefined) throw new Error('no snapshots');
  const options = { fieldOrder: '', all: true };
  const recording = new PerfmonRecording(ratesBetween(first, first), first.console, options);
  const rows = snapshots
    .slice(1)
    .map((after, i) => recording.row(ratesBetween(snapshots[i] ?? after, after)));
  return recording.header() + rows.join('');
}

function replayed(path = folder): Snapshot[] {
  const replay = Replay.open(path);
  const found: Snapshot[] = [];
  for (let at = replay.snapshot(null); !replay.over.aborted; at = replay.snapshot(at)) found.push(at);
  return found;
}

describe('a recording', () => {
  it('replays the figures of the host it was made of', () => {
    const seen = record(4);
    expect(csv(replayed())).toBe(csv(seen));
    expect(csv(seen)).toMatch(/"33\.33"/);
    expect(csv(replayed(join(folder, 'snapshots')))).toBe(csv(seen));
    expect(Replay.open(folder).delayMs).toBe(3000);
  });

  it('is for nobody but its owner, and never written over', () => {
    record(2);
    expect(readdirSync(join(folder, 'snapshots')).sort()).toEqual([
      'format.json',
      'snapshot-000001.json',
      'snapshot-000002.json',
    ]);
    expect(() => record(2)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  });
});

describe('a recording that cannot be', () => {
  const path = (name: string): string => join(folder, 'snapshots', name);
  const refused = (message: RegExp): void =>
    expect(() => replayed()).toThrow(
      expect.objectContaining({ code: 'BadRecording', message: expect.stringMatching(message) }),
    );

  it('is none, or has no two snapshots', () => {
    expect(() => Replay.open(join(folder, 'none'))).toThrow(/is no folder/);
    refused(/holds no performance snapshots/);
    record(1);
    refused(/rates need two/);
  });

  it('is another version’s', () => {
    record(2);
    const format = readFileSync(path('format.json'), 'utf8');
    writeFileSync(path('format.json'), format.replace('"version":1', '"version":2'));
    refused(/of version 2; this esxtop reads version 1/);
    writeFileSync(path('format.json'), format.replace('openesx', 'other'));
    refused(/format\.json is damaged: format/);
  });

  it('was cut short at any place', () => {
    record(2);
    const file = path('snapshot-000002.json');
    const whole = readFileSync(file);
    for (let end = whole.length - 2; end >= 0; end -= 37) {
      truncateSync(file, end);
      refused(/snapshot-000002\.json is damaged: it is no JSON, or cut short/);
      writeFileSync(file, whole);
    }
  });

  it.each([
    ['"worlds":[', `"worlds":[${'{},'.repeat(3)}`, /worlds\.0/],
    ['"kind":4,', '"kind":4e99,', /groups\.0\.kind|worlds\.0\.kind/],
    ['"wallMs":1700000000000', '"wallMs":1e300', /wallMs/],
    ['"runUs":', '"runUs":null,"x":', /runUs/],
    ['"pcpus":[', `"pcpus":[${'null,'.repeat(64)}`, /pcpus/],
    ['"hostName":"esx1"', `"hostName":"${'x'.repeat(300)}"`, /hostName/],
  ])('holds nonsense: %s', (from, to, message) => {
    record(2);
    const file = path('snapshot-000002.json');
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(from);
    writeFileSync(file, text.replace(from, to));
    refused(message);
  });

  it('is endless, or a folder where a file should be', () => {
    record(2);
    rmSync(path('snapshot-000002.json'));
    symlinkSync('/dev/zero', path('snapshot-000002.json'));
    refused(/is no file/);
    rmSync(path('snapshot-000002.json'));
    writeFileSync(path('snapshot-000002.json'), '');
    truncateSync(path('snapshot-000002.json'), 1 << 30);
    refused(/is larger than any snapshot/);
  });

  it('does not lead in circles', () => {
    const tables = tablesOfOneVm();
    tables.group(1, 17, 'round', GroupKind.pool);
    tables.host.group.setParentRow(0, 1);
    tables.host.group.setParentRow(1, 0);
    const recorder = recorded(source(tables), folder, 3000);
    recorder.snapshot(recorder.snapshot(null));
    const [before, after] = replayed();
    if (before === undefined || after === undefined) throw new Error('no snapshots');
    expect(ratesBetween(before, after).groups.map(group => group.groupId)).toEqual([16, 17]);
  });
});
