import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MiniBios } from '../../daemons/vmware-vmx/engine/mini-bios.js';
import { vncResponse } from '../../lib/rfb/index.js';
import { until } from '../harness/index.js';
import { BareHost } from './bare-host.js';

/** gvnccapture and vncsnapshot take a display: the port less 5900. */
const FIRST_PORT = 5900;
const PORT_OFFSET = 36_100;
const PNG = '89504e470d0a1a0a';
const JPEG = 'ffd8ff';

let host: BareHost;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'remote-display-'));
  host = await BareHost.start('--port-offset', String(PORT_OFFSET));
}, 60_000);
afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
afterEach(() => host.clear());

function define(name: string, port: number, ...extra: string[]): void {
  const keys = ['RemoteDisplay.vnc.enabled = "TRUE"', `RemoteDisplay.vnc.port = "${port}"`, ...extra];
  host.define(name, new MiniBios().say('up>').spin(), ['serial0.fileType = "console"', ...keys]);
}

const log = (name: string) => readFileSync(join(host.folder(name), 'vmware.log'), 'utf8');
const logged = (name: string, line: RegExp) =>
  until(`${line} in vmware.log`, async () => line.test(log(name)) || undefined);

/** @returns a program's exit status; its output does not matter */
function run(program: string, ...args: string[]): Promise<number> {
  return new Promise(resolve => {
    const child = execFile(program, args, { timeout: 20_000 }, error => resolve(error === null ? 0 : 1));
    child.stdin?.end();
  });
}

const display = (port: number) => `127.0.0.1:${port + PORT_OFFSET - FIRST_PORT}`;
const firstBytes = (file: string, count: number) => readFileSync(file).subarray(0, count).toString('hex');

describe('a VM with a plain RFB port', () => {
  it('shows itself to gvnccapture (3.8) and vncsnapshot (3.3), and keeps the port as long as it runs', async () => {
    define('seen', 5941);
    await host.powerOn('seen');
    const [png, jpeg] = [join(folder, 'seen.png'), join(folder, 'seen.jpg')];
    expect(await run('gvnccapture', '-q', display(5941), png)).toBe(0);
    expect(firstBytes(png, 8)).toBe(PNG);
    expect(await run('vncsnapshot', '-quiet', '-allowblank', display(5941), jpeg)).toBe(0);
    expect(firstBytes(jpeg, 3)).toBe(JPEG);
    await logged('seen', /mks\| MKS: 127\.0\.0\.1:\d+ disconnected: the viewer left/);
    await host.kernel.call('powerOff', { vmxPath: host.path('seen') });
    expect(await run('gvnccapture', '-q', display(5941), png)).toBe(1);
  });

  it('lets in who knows the password', async () => {
    define('locked', 5942, 'RemoteDisplay.vnc.password = "secret"');
    await host.powerOn('locked');
    const snapshot = (password: string) =>
      run('vncsnapshot', '-quiet', '-allowblank', '-passwd', passwordFile(password), display(5942), jpeg);
    const jpeg = join(folder, 'locked.jpg');
    expect(await snapshot('guess')).toBe(1);
    await logged('locked', /disconnected: AuthenticationFailed/);
    expect(log('locked')).not.toMatch(/ connected$/m);
    expect(await snapshot('secret')).toBe(0);
    expect(firstBytes(jpeg, 3)).toBe(JPEG);
  });

  it('runs without it when the port is taken, and says so', async () => {
    const other = await listening(5943 + PORT_OFFSET);
    define('late', 5943);
    await host.powerOn('late');
    const said = /WARNING: VNC: cannot listen on 127\.0\.0\.1:42043: .*EADDRINUSE.*; the VM runs without it/;
    await logged('late', said);
    other.close();
  });

  it('listens no wider than the host does', async () => {
    define('wide', 5944, 'RemoteDisplay.vnc.ip = "0.0.0.0"');
    await host.powerOn('wide');
    await logged('wide', /RemoteDisplay\.vnc\.ip 0\.0\.0\.0 is wider than this host's 127\.0\.0\.1/);
    await logged('wide', /VNC: listening on 127\.0\.0\.1:42044, without a password/);
  });
});

/** As vncpasswd writes it: under a key that all of them know. */
function passwordFile(password: string): string {
  const key = Buffer.from([23, 82, 107, 6, 35, 78, 88, 7]).toString('latin1');
  const file = join(folder, `passwd-${password}`);
  writeFileSync(file, vncResponse(key, Buffer.from(password.padEnd(8, '\0'))));
  return file;
}

function listening(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
