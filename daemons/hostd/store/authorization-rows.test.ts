import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Permission } from '../../../lib/vim/index.js';
import { moids } from '../mo/moids.js';
import { faultOf, TestHost } from '../testing/test-host.js';

let test: TestHost;
let root: string;
beforeEach(async () => {
  test = await TestHost.start();
  root = await test.login();
});
afterEach(() => test.stop());

const entity = moids.rootFolder;
const readOnly = (principal: string): Permission => ({
  principal,
  group: false,
  roleId: -2,
  propagate: true,
});
const give = (principal: string) =>
  test.call(
    moids.authorizationManager,
    'SetEntityPermissions',
    { entity, permission: [readOnly(principal)] },
    { session: root },
  );

/** Of a newer form the file is left alone. @returns the form it had */
function setForm(form: number): number {
  const file = new Database(join(test.folder, 'hostd.sqlite'));
  const before = Number(file.pragma('user_version', { simple: true }));
  file.pragma(`user_version = ${form}`);
  file.close();
  return before;
}

it('keeps permissions that could not be read when hostd started, and has them count once they can', async () => {
  await give('alice');
  expect(await test.login('alice')).not.toBe('');
  test.host.close();
  const form = setForm(1000);
  await test.boot();
  expect(await faultOf(test.login('alice'))).toBe('NoPermission');
  root = await test.login();
  // What would be written now would be in the place of what is there.
  expect(await faultOf(give('bob'))).toBe('SystemError');
  setForm(form);
  expect(await test.login('alice')).not.toBe('');
  const kept = await test.call(
    moids.authorizationManager,
    'RetrieveEntityPermissions',
    { entity, inherited: true },
    { session: root },
  );
  expect(kept?.map(({ principal }) => principal).sort()).toEqual(['alice', 'dcui', 'root', 'vpxuser']);
  await give('bob');
  expect(await test.login('bob')).not.toBe('');
});

it('writes permissions into the file that takes the place of a broken one', async () => {
  await give('alice');
  test.host.database.noteError(
    new Database.SqliteError('database disk image is malformed', 'SQLITE_CORRUPT'),
  );
  test.host.close();
  await test.boot();
  expect(await test.login('alice')).not.toBe('');
});
