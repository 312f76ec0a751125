import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TREE } from '../harness/host.js';
import { runProgram, TestHost } from '../harness/index.js';

let host: TestHost;

beforeAll(async () => {
  host = await TestHost.up();
}, 300_000);
afterAll(() => host.stop());

it('unmodified pyVmomi searches datastores, manages files and disks, cancels, and finds the files so', async () => {
  const { ports } = await host.status();
  const script = join(TREE, 'test/clients/pyvmomi/drive_files.py');
  const where = ['--port', String(ports.https), '--password-file', join(host.root, 'password')];
  const store = ['--store', join(host.root, 'datastores/storage1')];
  const { status, stdout, stderr } = await runProgram('/usr/bin/python3', [script, ...where, ...store]);
  expect(status, `${stdout.toString()}${stderr}`).toBe(0);
  expect(stdout.toString()).not.toContain('FAIL');
  expect(stdout.toString()).toContain('ok   DeleteFile');
}, 120_000);
