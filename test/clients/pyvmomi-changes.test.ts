import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TREE } from '../harness/host.js';
import { runProgram, TestHost } from '../harness/index.js';

let host: TestHost;

beforeAll(async () => {
  host = await TestHost.up();
  await host.addGuest('linux');
}, 300_000);
afterAll(() => host.stop());

it('unmodified pyVmomi follows changes by filters and views, and searches', async () => {
  const script = join(TREE, 'test/clients/pyvmomi/follow_changes.py');
  const args = ['--root', host.root, '--port', String((await host.status()).ports.https)];
  const files = ['--password-file', join(host.root, 'password'), '--register', '[storage1] linux/linux.vmx'];
  const { status, stdout, stderr } = await runProgram('/usr/bin/python3', [script, ...args, ...files]);
  expect(status, `${stdout.toString()}${stderr}`).toBe(0);
  expect(stdout.toString()).toContain('ok   an older version is unknown');
}, 240_000);
