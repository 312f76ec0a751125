import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Finished, TestHost, until } from '../harness/index.js';

const HANDSHAKE_LIMIT_MS = 20_000;

let host: TestHost;

beforeAll(async () => {
  host = await TestHost.up({ vm: 'linux' });
}, 300_000);
afterAll(() => host.stop());

/** `./esx console linux --vnc` or `--web` while it runs. */
class Shown {
  private constructor(
    readonly said: string,
    readonly finished: Promise<Finished>,
    readonly child: ChildProcess,
  ) {}

  static async open(flag: string): Promise<Shown> {
    let child: ChildProcess | undefined;
    const finished = host.esx(['console', 'linux', flag], {
      started: started => {
        child = started;
      },
    });
    const process = await until('the front door to start', () => Promise.resolve(child));
    const [first] = (await once(process.stdout ?? process, 'data')) as [Buffer];
    return new Shown(first.toString('utf8').trim(), finished, process);
  }

  async close(): Promise<Finished> {
    this.child.kill('SIGINT');
    return this.finished;
  }
}

/** RFC 6143: version, security None, shared, up to ServerInit. @returns what ServerInit says */
async function look(port: number): Promise<{ width: number; height: number; name: string }> {
  const socket = createConnection(port, '127.0.0.1');
  let received = Buffer.alloc(0);
  socket.on('data', chunk => {
    received = Buffer.concat([received, chunk]);
  });
  const have = (bytes: number) =>
    until(
      `${bytes} bytes of the handshake`,
      () => Promise.resolve(received.length >= bytes),
      HANDSHAKE_LIMIT_MS,
    );
  await have(12);
  expect(received.toString('latin1', 0, 12)).toBe('RFB 003.008\n');
  socket.write('RFB 003.008\n');
  await have(14);
  socket.write(Buffer.from([1]));
  await have(18);
  socket.write(Buffer.from([1]));
  await have(18 + 24);
  const init = received.subarray(18);
  const nameBytes = init.readUInt32BE(20);
  await have(18 + 24 + nameBytes);
  socket.destroy();
  return {
    width: init.readUInt16BE(0),
    height: init.readUInt16BE(2),
    name: received.toString('utf8', 18 + 24, 18 + 24 + nameBytes),
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
}

function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, response => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

describe('./esx console VM --vnc', () => {
  it('serves viewers that come and go over one connection to the VM', async () => {
    const shown = await Shown.open('--vnc');
    const [, port = ''] = /^127\.0\.0\.1:(\d+)$/.exec(shown.said) ?? [];
    const logins = async () =>
      (await host.ssh('grep -c AcquireMksTicket /var/log/vmware/hostd.log')).stdout.toString('utf8');
    const before = await logins();
    for (let i = 0; i < 3; i++)
      expect(await look(Number(port))).toEqual({ width: 720, height: 400, name: 'linux' });
    expect(await logins()).toBe(before);
    expect((await shown.close()).status).toBe(0);
  });

  it('serves its own user, and not another account of the service console', async () => {
    const shown = await Shown.open('--vnc');
    const [, port = ''] = /^127\.0\.0\.1:(\d+)$/.exec(shown.said) ?? [];
    const greeting = `exec 3<>/dev/tcp/127.0.0.1/${port}; timeout 10 head -c 12 <&3`;
    expect((await host.ssh(greeting)).stdout.toString()).toBe('RFB 003.008\n');
    const other = await host.ssh(`su nobody -s /bin/bash -c '${greeting}'`);
    expect(other.stdout.toString()).toBe('');
    expect((await shown.close()).status).toBe(0);
  });

  it('names what there is when the VM is none', async () => {
    const { status, stderr } = await host.esx(['console', 'nobody', '--vnc']);
    expect(status).toBe(1);
    expect(stderr).toContain('this host has no VM nobody');
  });
});

describe('./esx console VM --web', () => {
  it('opens by its link once, and to nobody without its cookie', async () => {
    const shown = await Shown.open('--web');
    const { origin } = new URL(shown.said);
    expect((await get(`${origin}/`)).status).toBe(403);
    expect((await get(shown.said, { Host: 'elsewhere.example' })).status).toBe(403);
    const opened = await get(shown.said);
    expect([opened.status, opened.headers.location]).toEqual([302, '/']);
    const cookie = String(opened.headers['set-cookie']).replace(/;.*/s, '');
    expect((await get(shown.said)).status).toBe(410);
    expect((await get(`${origin}/`, { Cookie: cookie })).status).toBe(200);
    expect((await get(`${origin}/novnc/core/rfb.js`, { Cookie: cookie })).status).toBe(200);
    expect((await get(`${origin}/novnc/core/../package.json`, { Cookie: cookie })).status).toBe(404);
    const refused = new WebSocket(`${origin.replace('http', 'ws')}/socket`, 'binary');
    await expect(once(refused, 'open')).rejects.toThrow(/403/);
    const foreign = new WebSocket(`${origin.replace('http', 'ws')}/socket`, 'binary', {
      headers: { Cookie: cookie, Origin: 'http://elsewhere.example' },
    });
    await expect(once(foreign, 'open')).rejects.toThrow(/403/);
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/socket`, 'binary', {
      headers: { Cookie: cookie, Origin: origin },
    });
    const [greeting] = (await once(socket, 'message')) as [Buffer];
    expect(greeting.toString('latin1')).toBe('RFB 003.008\n');
    socket.terminate();
    expect((await shown.close()).status).toBe(0);
  });
});

it('the demonstration shows a picture that moves while hostd and authd are dead', async () => {
  const { status, stdout, stderr } = await host.esx(['demo', 'console']);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const said = stdout.toString('utf8');
  expect(said).toMatch(/kill -9 \d+ \(hostd\)\n +kill -9 \d+ \(authd\)\n +[\d.]+ pictures a second/);
  await host.settled();
});

it('a console ends, and says so, when its VM does', async () => {
  const shown = await Shown.open('--vnc');
  const power = await host.ssh('vim-cmd vmsvc/power.off 16');
  expect(power.status).toBe(0);
  const { status, stderr } = await shown.finished;
  expect(status).toBe(1);
  expect(stderr).toMatch(/the console of linux is over/);
});
