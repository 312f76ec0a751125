import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HostDatabase } from './host-database.js';

let folder: string;
let problems: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostd-store-'));
  problems = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'vmware', 'hostd.sqlite');
const open = () => new HostDatabase({ path: path(), onProblem: problem => problems.push(problem) });
const insert = "INSERT INTO intent (kind, subject, state, begun_ms) VALUES ('create', '{}', 'begun', 1)";
const intents = (database: HostDatabase) => database.prepare('SELECT kind, begun_ms FROM intent').all();

it('keeps what was committed over a reopen and drops what was thrown out of', () => {
  const first = open();
  first.durably(() => first.sqlite.exec(insert));
  expect(() =>
    first.durably(() => {
      first.sqlite.exec(insert);
      throw new Error('changed my mind');
    }),
  ).toThrow('changed my mind');
  first.close();
  const second = open();
  expect(intents(second)).toEqual([{ kind: 'create', begun_ms: 1 }]);
  second.close();
  expect(problems).toEqual([]);
});

it('is readable by its owner only, with all that belongs to it', () => {
  const database = open();
  database.sqlite.exec(insert);
  const modes = readdirSync(join(folder, 'vmware')).map(name => {
    return `${name} ${(statSync(join(folder, 'vmware', name)).mode & 0o777).toString(8)}`;
  });
  expect(modes.sort()).toEqual(['hostd.sqlite 600', 'hostd.sqlite-shm 600', 'hostd.sqlite-wal 600']);
  database.close();
});

it('leaves a file of a newer form as it is and stands in for it in memory', () => {
  const first = open();
  first.sqlite.exec(insert);
  first.sqlite.pragma('user_version = 1000');
  first.close();
  const second = open();
  expect(second.isOnDisk).toBe(false);
  second.sqlite.exec(insert);
  second.close();
  expect(problems).toEqual([expect.stringContaining('newer hostd (form 1000)')]);
  const file = new Database(path(), { readonly: true });
  expect(file.prepare('SELECT count(*) AS n FROM intent').get()).toEqual({ n: 1 });
  file.close();
});

it('sets a file aside that is none of SQLite and begins another', () => {
  mkdirSync(join(folder, 'vmware'));
  writeFileSync(path(), 'this was never a database, whatever its name says'.repeat(100));
  const database = open();
  expect(database).toMatchObject({ isOnDisk: true, wasSetAside: true });
  expect(intents(database)).toEqual([]);
  database.close();
  expect(readFileSync(`${path()}.broken`, 'utf8')).toMatch(/^this was never/);
});

it('sets a file aside whose pages break while it is in use', () => {
  const first = open();
  first.sqlite.exec(insert);
  first.close();
  const second = open();
  const bytes = readFileSync(path());
  writeFileSync(path(), bytes.fill(0x5a, 100));
  let thrown: unknown;
  try {
    intents(second);
  } catch (error) {
    thrown = error;
  }
  expect(second.noteError(thrown)).toBe(true);
  expect(intents(second)).toEqual([]);
  second.close();
  expect(existsSync(`${path()}.broken`)).toBe(true);
});

/** A file system of 700 KiB, for the time of the test. @returns whether this user may make one */
function mountSmall(onto: string): boolean {
  mkdirSync(onto);
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=700k', 'tmpfs', onto]).status === 0;
}

it('opens, reads and refuses to write a file on a file system that is full', context => {
  const mounted = join(folder, 'vmware');
  if (!mountSmall(mounted)) return context.skip('a file system can be mounted by root only');
  try {
    const first = open();
    first.durably(() => first.sqlite.exec(insert));
    first.close();
    const ballast = openSync(join(mounted, 'ballast'), 'w');
    expect(() => {
      for (;;) writeSync(ballast, new Uint8Array(4096));
    }).toThrow('ENOSPC');
    closeSync(ballast);
    const second = open();
    expect(second.isOnDisk).toBe(true);
    expect(intents(second)).toHaveLength(1);
    expect(() => second.durably(() => second.sqlite.exec(insert))).toThrow(
      expect.objectContaining({ code: 'SQLITE_FULL' }),
    );
    rmSync(join(mounted, 'ballast'));
    second.durably(() => second.sqlite.exec(insert));
    expect(intents(second)).toHaveLength(2);
    second.close();
  } finally {
    spawnSync('umount', [mounted]);
  }
});

it('works in memory where no file can be made, and moves to the file once one can', () => {
  writeFileSync(join(folder, 'vmware'), 'a file where the folder should be');
  const database = open();
  expect(database.isOnDisk).toBe(false);
  database.sqlite.exec(insert);
  expect(intents(database)).toHaveLength(1);
  expect(database.reopen()).toBe(false);
  rmSync(join(folder, 'vmware'));
  expect(database.reopen()).toBe(true);
  expect(intents(database)).toEqual([]);
  database.close();
  expect(existsSync(path())).toBe(true);
});
