import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HostDatabase } from './host-database.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostd-store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'vmware', 'hostd.sqlite');
const insert = "INSERT INTO intent (kind, subject, state, begun_ms) VALUES ('create', '{}', 'begun', 1)";

it('keeps what was committed over a reopen and drops what was thrown out of', () => {
  const first = new HostDatabase(path());
  first.durably(() => first.sqlite.exec(insert));
  expect(() =>
    first.durably(() => {
      first.sqlite.exec(insert);
      throw new Error('changed my mind');
    }),
  ).toThrow('changed my mind');
  first.close();
  const second = new HostDatabase(path());
  expect(second.sqlite.prepare('SELECT kind, begun_ms FROM intent').all()).toEqual([
    { kind: 'create', begun_ms: 1 },
  ]);
  second.close();
});

it('refuses a file of a newer form and leaves it as it is', () => {
  const first = new HostDatabase(path());
  first.sqlite.pragma('user_version = 1000');
  first.close();
  expect(() => new HostDatabase(path())).toThrow(expect.objectContaining({ code: 'TooNew' }));
});
