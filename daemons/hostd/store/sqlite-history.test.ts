import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Event, ManagedObjectReference, TypedValue } from '../../../lib/vim/index.js';
import type { EventCondition, EventRecord } from '../../../lib/vim-server/index.js';
import { eventTable } from './history-tables.js';
import { HistoryWriter } from './history-writer.js';
import { HostDatabase } from './host-database.js';
import { HostHistory } from './host-history.js';
import { SqliteHistory } from './sqlite-history.js';

let folder: string;
let problems: string[];
let opened: { database: HostDatabase; history: HostHistory }[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostd-history-'));
  problems = [];
  opened = [];
});
afterEach(() => {
  vi.useRealTimers();
  for (const one of opened) close(one);
  rmSync(folder, { recursive: true, force: true });
});

const path = () => join(folder, 'hostd.sqlite');

function open() {
  const onProblem = (problem: string) => problems.push(problem);
  const database = new HostDatabase({ path: path(), onProblem });
  const one = { database, history: new HostHistory(database, onProblem) };
  opened.push(one);
  return one;
}

function close(one: { database: HostDatabase; history: HostHistory }): void {
  one.history.close();
  one.database.close();
}

const vm = new ManagedObjectReference('VirtualMachine', '16');

function record(number: number, fields: Partial<Event> & { _type?: string } = {}): EventRecord {
  const value = { key: number, chainId: number, createdTime: new Date(1e12 + number), userName: 'root' };
  return {
    number,
    value: { ...value, ...{ _type: 'VmPoweredOnEvent' }, ...fields },
    subject: vm.value,
    containers: ['ha-folder-vm', 'ha-host'],
  };
}

function post(history: HostHistory, count: number): number[] {
  return Array.from({ length: count }, () => {
    const number = history.events.takeNumber();
    history.events.put(record(number));
    return number;
  });
}

const numbersOf = (records: readonly { number: number }[]) => records.map(one => one.number);
const newest = { direction: 'older', from: 2 ** 31, maxCount: 10 } as const;

it('finds the same values after a reopen', () => {
  const event = {
    vm: { name: 'größe "x"', vm },
    result: new TypedValue('long', false, 2n ** 62n),
    list: [{ at: new Date(5), bytes: new Uint8Array([1, 255]) }, null],
    _type: 'VmReconfiguredEvent',
  };
  const first = open();
  first.history.events.put(record(7, event as Partial<Event>));
  close(first);
  const [found] = open().history.events.read({}, newest);
  expect(found).toEqual(record(7, event as Partial<Event>));
});

it('pages both ways from any place', () => {
  const { history } = open();
  expect(post(history, 6)).toEqual([1, 2, 3, 4, 5, 6]);
  const page = (direction: 'newer' | 'older', from: number, maxCount: number) =>
    numbersOf(history.events.read({}, { direction, from, maxCount }));
  expect(page('newer', 0, 4)).toEqual([1, 2, 3, 4]);
  expect(page('newer', 4, 4)).toEqual([5, 6]);
  expect(page('newer', 6, 4)).toEqual([]);
  expect(page('older', 6, 4)).toEqual([6, 5, 4, 3]);
  expect(page('older', 2, 4)).toEqual([2, 1]);
  expect(page('older', 0, 4)).toEqual([]);
});

it('never gives a number twice: not after a close, not after a kill', () => {
  const first = open();
  expect(first.history.events.takeNumber()).toBe(1);
  close(first);
  const second = open();
  expect(second.history.events.takeNumber()).toBe(2);
  // Not closed, as by a kill: what it took and did not write is not known to the next.
  second.history.events.takeNumber();
  expect(open().history.events.takeNumber()).toBeGreaterThan(3);
});

it.each<[string, EventCondition, number[]]>([
  ['nothing', {}, [1, 2, 3, 4]],
  ['an entity itself', { entity: { moid: '16', recursion: 'self' } }, [1, 2]],
  ['what is below one', { entity: { moid: 'ha-host', recursion: 'children' } }, [1, 2, 3]],
  ['an entity and what is below it', { entity: { moid: 'ha-host', recursion: 'all' } }, [1, 2, 3, 4]],
  ['an entity by which nothing is', { entity: { moid: '99', recursion: 'all' } }, []],
  ['types', { types: new Set(['VmPoweredOffEvent']) }, [2]],
  ['no type at all', { types: new Set() }, []],
  ['a time', { beginMs: 1e12 + 2, endMs: 1e12 + 3 }, [2, 3]],
  ['the system', { user: { system: true, names: undefined } }, [4]],
  ['every user', { user: { system: false, names: undefined } }, [1, 2, 3]],
  ['a user by name', { user: { system: false, names: ['anna'] } }, [3]],
  ['a user and the system', { user: { system: true, names: ['anna'] } }, [3, 4]],
  ['a chain', { chainId: 1 }, [1, 2]],
  ['all at once', { chainId: 1, types: new Set(['VmPoweredOffEvent']), beginMs: 1e12 + 2 }, [2]],
])('finds by %s, in the file as in memory', (_, condition, expected) => {
  const { history, database } = open();
  const records = [
    record(1),
    record(2, { chainId: 1, _type: 'VmPoweredOffEvent' }),
    { ...record(3, { userName: 'anna' }), subject: '32' },
    { ...record(4, { userName: '' }), subject: 'ha-host', containers: [] },
  ];
  for (const one of records) history.events.put(one);
  const read = () => numbersOf(history.events.read(condition, { direction: 'newer', from: 0, maxCount: 9 }));
  expect(read()).toEqual(expected);
  expect(problems).toEqual([]);
  database.sqlite.exec('DELETE FROM event');
  database.sqlite.exec('CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(FAIL, "full"); END');
  for (const one of records) history.events.put(one);
  expect(read()).toEqual(expected);
});

it('keeps as many of the newest events as it may, and deletes the others now and then', () => {
  const { database } = open();
  const writer = new HistoryWriter(database, problem => problems.push(problem));
  const events = new SqliteHistory({ ...eventTable, maxRecords: 1_000 }, { database, writer });
  for (let number = 1; number <= 4_000; number += 1) {
    events.put(record(number));
    if (number % 100 === 0) writer.flush();
  }
  const { n, first, last } = database.sqlite
    .prepare('SELECT count(*) AS n, min(number) AS first, max(number) AS last FROM event')
    .get() as { n: number; first: number; last: number };
  expect({ n, last }).toEqual({ n: 4_001 - first, last: 4_000 });
  expect(n).toBeGreaterThanOrEqual(1_000);
  expect(n).toBeLessThanOrEqual(1_600);
});

it('goes on in memory while the disk is full, and writes it all once there is room', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  const { history, database } = open();
  post(history, 10);
  history.events.read({}, newest);
  const pages = database.sqlite.pragma('page_count', { simple: true });
  database.sqlite.pragma(`max_page_count = ${Number(pages)}`);
  post(history, 500);
  vi.advanceTimersByTime(100);
  const inFile = () => {
    const file = new Database(path(), { readonly: true });
    const row = file.prepare('SELECT count(*) AS n FROM event').get();
    file.close();
    return row;
  };
  expect(inFile()).toEqual({ n: 10 });
  expect(numbersOf(history.events.read({}, newest))).toEqual([
    510, 509, 508, 507, 506, 505, 504, 503, 502, 501,
  ]);
  expect(numbersOf(history.events.read({}, { direction: 'newer', from: 8, maxCount: 4 }))).toEqual([
    9, 10, 11, 12,
  ]);
  database.sqlite.pragma('max_page_count = 100000');
  vi.advanceTimersByTime(31_000);
  expect(inFile()).toEqual({ n: 510 });
  expect(problems).toEqual([
    expect.stringContaining('cannot be kept on the disk for now: database or disk is full'),
    'tasks and events are written to the file again',
  ]);
});

it('keeps a burst whole that is larger than what may wait', () => {
  const { history } = open();
  const given = post(history, 15_000);
  const found = numbersOf(history.events.read({}, { direction: 'newer', from: 0, maxCount: 50_000 }));
  expect(found).toEqual(given);
  expect(problems).toEqual([]);
});

it('sets a file that breaks in use aside and goes on in a new one with higher numbers', () => {
  const first = open();
  const given = post(first.history, 3);
  close(first);
  const { history } = open();
  writeFileSync(path(), readFileSync(path()).fill(0x5a, 100));
  expect(history.events.read({}, newest)).toEqual([]);
  expect(existsSync(`${path()}.broken`)).toBe(true);
  const [number] = post(history, 1);
  expect(number).toBeGreaterThan(Math.max(...given));
  expect(numbersOf(history.events.read({}, newest))).toEqual([number]);
  expect(open().history.events.takeNumber()).toBeGreaterThan(number ?? 0);
});

/** Another process posts events without end, and says after each batch how many it gave and how many are written. */
function startPoster(): ChildProcessByStdio<null, Readable, null> {
  const dist = new URL('../../../dist/daemons/hostd/store/', import.meta.url).href;
  const program = `
    import { HostDatabase } from '${dist}host-database.js';
    import { HostHistory } from '${dist}host-history.js';
    const database = new HostDatabase({ path: '${path()}', onProblem: console.error });
    const { events } = new HostHistory(database, console.error);
    for (let given = 0; ; ) {
      for (let count = 0; count < 50; count++) {
        given = events.takeNumber();
        const value = { key: given, chainId: given, createdTime: new Date(), userName: 'root' };
        events.put({ number: given, value, subject: '16', containers: ['ha-host'] });
      }
      const { written } = database.prepare('SELECT count(*) AS written FROM event').get();
      console.log(JSON.stringify({ given, written }));
      await new Promise(setImmediate);
    }`;
  const args = ['--input-type=module', '-e', program];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

it('has whole what a killed process had written, and uses none of its numbers again', async () => {
  const child = startPoster();
  let last = { given: 0, written: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    last = JSON.parse(line) as typeof last;
    if (last.written > 2_000) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(last.written).toBeGreaterThan(2_000);
  const { history, database } = open();
  expect(database.sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
  const found = numbersOf(history.events.read({}, { direction: 'newer', from: 0, maxCount: 50_000 }));
  expect(found).toEqual(Array.from(found, (_, index) => index + 1));
  expect(found.length).toBeGreaterThanOrEqual(last.written);
  expect(history.events.takeNumber()).toBeGreaterThan(Math.max(last.given, ...found));
  expect(problems).toEqual([]);
});
