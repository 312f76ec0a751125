import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finished, freeOffset, makeRoot, pidOf, RunningHost, removeRoot, waitFor } from './running-host.js';

describe('sshd with OpenSSH’s client', () => {
  const root = makeRoot();
  let host: RunningHost;

  beforeAll(async () => {
    host = await RunningHost.up(root, ['--port-offset', String(await freeOffset())]);
  });
  afterAll(async () => {
    await host.down();
    removeRoot(root);
  });

  /** How many processes of the console have this as an argument. */
  const countInside = async (argument: string): Promise<number> => {
    const { stdout } = await host.shell(`cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -cx '${argument}'`);
    return Number(stdout.toString());
  };

  it('gives the true exit status of a command', async () => {
    for (const status of [0, 1, 7, 255]) expect((await host.shell(`exit ${status}`)).status).toBe(status);
  });

  it('tells a death by signal as OpenSSH’s sshd does', async () => {
    expect((await host.ssh(['kill -TERM $$'])).status).toBe(255);
    expect((await host.ssh(['-v', 'kill -KILL $$'])).stderr).toContain('exit-signal');
    expect((await host.ssh(['kill -BUS $$'])).status).toBe(128 + 7);
  });

  it('keeps standard output and standard error apart, each whole', async () => {
    const { stdout, stderr, status } = await host.shell(
      'head -c 3000000 /dev/zero | tr "\\0" o; head -c 2000000 /dev/zero | tr "\\0" e >&2; exit 3',
    );
    expect(status, stderr.slice(-300)).toBe(3);
    expect(stdout.equals(Buffer.alloc(3_000_000, 'o'))).toBe(true);
    expect(stderr === 'e'.repeat(2_000_000)).toBe(true);
  });

  it('carries ten megabytes of any bytes there and back', async () => {
    const bytes = randomBytes(10_000_000);
    const { stdout, status } = await host.ssh(['cat'], { input: bytes });
    expect(status).toBe(0);
    expect(stdout.equals(bytes)).toBe(true);
  });

  it('passes on the end of the input, and goes on when the program reads none of it', async () => {
    expect((await host.ssh(['wc -c'], { input: Buffer.alloc(100_000) })).stdout.toString().trim()).toBe(
      '100000',
    );
    const unread = await host.ssh(['echo done'], { input: Buffer.alloc(5_000_000) });
    expect(unread.stdout.toString()).toBe('done\n');
  });

  it('lets a program open its standard streams anew', async () => {
    const { stdout, stderr } = await host.shell('echo out > /dev/stdout; echo err > /dev/stderr');
    expect([stdout.toString(), stderr]).toEqual(['out\n', 'err\n']);
  });

  it('holds a program back while the client does not read', async () => {
    const client = await host.sshClient(['yes | head -c 40000000 | tee >(wc -c > /tmp/sent) | cat']);
    client.stdin?.end();
    client.stdout?.pause();
    await waitFor('the stream to stand', async () => {
      const { stdout } = await host.shell(
        'cd $(dirname $(grep -lx tee /proc/[0-9]*/comm | tail -n 1)) && grep wchar io; sleep 0.3; grep wchar io',
      );
      const [first, second] = stdout.toString().trim().split('\n');
      return first !== undefined && first !== '' && first === second ? true : undefined;
    });
    const whole = finished(client, '');
    client.stdout?.resume();
    const { status, stdout } = await whole;
    expect([status, stdout.length]).toEqual([0, 40_000_000]);
  });

  it('gives a login shell with the console’s prompt, its message and its paths', async () => {
    const { stdout, status } = await host.ssh(['-tt'], { input: 'cd /etc\necho "$PATH"\nexit 4\n' });
    const text = stdout.toString();
    expect(status).toBe(4);
    expect(text).toContain('Welcome to the openesx service console.');
    expect(text).toContain('[root@esx01 root]# ');
    expect(text).toContain('[root@esx01 etc]# ');
    expect(text).toMatch(/:\/usr\/sbin:/);
  });

  it('runs a command on a terminal when asked', async () => {
    const { stdout, status } = await host.ssh(['-tt', 'tty; echo $TERM; exit 5']);
    expect(status).toBe(5);
    expect(stdout.toString()).toMatch(/^\/dev\/pts\/\d+\r\nxterm\r\n/);
  });

  it('reads commands from standard input when there is neither command nor terminal', async () => {
    const { stdout, status } = await host.ssh([], { input: 'echo $0; pwd; exit 6\n' });
    expect(status).toBe(6);
    expect(stdout.toString()).toBe('/bin/bash\n/root\n');
  });

  it('delivers all output of a program on a terminal before its exit', async () => {
    const { stdout } = await host.ssh(['-tt', 'stty -opost; seq 200000']);
    expect(stdout.toString().trim().split('\n').length).toBe(200_000);
  });

  it('ends a session without waiting for what it left in the background on its terminal', async () => {
    const started = Date.now();
    expect((await host.ssh(['-tt', 'sleep 30 & exit 2'])).status).toBe(2);
    expect(Date.now() - started).toBeLessThan(15_000);
  });

  it('tells a terminal its size, and its change', async () => {
    // script(1) gives the client a terminal whose size stty sets before and during the session.
    const port = (await host.status())?.ports.ssh ?? 0;
    const client = await import('node-pty').then(({ spawn }) =>
      spawn(
        'ssh',
        [
          '-F',
          'none',
          '-o',
          'StrictHostKeyChecking=no',
          '-o',
          'UserKnownHostsFile=/dev/null',
          '-o',
          'LogLevel=ERROR',
        ].concat(['-p', String(port), 'root@127.0.0.1']),
        {
          cols: 100,
          rows: 40,
          env: {
            PATH: process.env.PATH ?? '',
            SSH_ASKPASS: `${root}/askpass`,
            SSH_ASKPASS_REQUIRE: 'force',
            TEST_PASSWORD: host.password,
          },
        },
      ),
    );
    let text = '';
    client.onData(data => {
      text += data;
    });
    const exited = new Promise(resolve => client.onExit(resolve));
    await waitFor('the prompt', () => (text.includes(']# ') ? true : undefined));
    client.write('stty size\n');
    await waitFor('40 100', () => (text.includes('40 100') ? true : undefined));
    client.resize(133, 51);
    await waitFor('51 133', async () => {
      client.write('stty size\n');
      await new Promise(resolve => setTimeout(resolve, 100));
      return text.includes('51 133') ? true : undefined;
    });
    client.write('exit\n');
    await exited;
  });

  it('refuses a wrong password, an unknown user and a locked account', async () => {
    for (const [user, password] of [
      ['root', 'wrong'],
      ['nobody', ''],
      ['absent', 'x'],
      ['bin', '*'],
    ] as const) {
      const { status, stderr } = await host.ssh(['true'], { user, password });
      expect([user, status]).toEqual([user, 255]);
      expect(stderr).toContain('Permission denied');
    }
  });

  it('lets in an account made with the console’s own tools, as that user', async () => {
    await host.shell(
      'id joe 2>/dev/null || useradd -m -s /bin/bash -G wheel joe; echo joe:Secret123 | chpasswd',
    );
    const asJoe = (command: string) => host.ssh([command], { user: 'joe', password: 'Secret123' });
    expect((await asJoe('id -un; id -Gn; pwd')).stdout.toString()).toBe('joe\njoe wheel\n/home/joe\n');
    expect((await asJoe('cat /etc/shadow')).status).not.toBe(0);
    await host.shell('usermod -L joe');
    expect((await asJoe('true')).status).toBe(255);
  });

  it('closes an account to an address after ten wrong passwords, and no other account', async () => {
    await host.shell('useradd -m ann; echo ann:Secret123 | chpasswd');
    const asAnn = (password: string) => host.ssh(['true'], { user: 'ann', password });
    expect((await asAnn('Secret123')).status).toBe(0);
    await Promise.all(Array.from({ length: 10 }, () => asAnn('wrong')));
    expect((await asAnn('Secret123')).status).toBe(255);
    expect((await host.shell('grep -c "too many wrong passwords for ann" /var/log/sshd.log')).status).toBe(0);
  });

  it('ends the processes of a session whose client is gone', async () => {
    for (const flags of [['-tt'], []]) {
      const marker = `300${flags.length}7`;
      const client = await host.sshClient([...flags, `trap '' HUP; sleep ${marker} & sleep ${marker}`]);
      await waitFor('the sleepers', async () => ((await countInside(marker)) >= 2 ? true : undefined));
      client.kill('SIGKILL');
      await waitFor('their end', async () => ((await countInside(marker)) === 0 ? true : undefined));
    }
  });

  it('serves twenty sessions at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) => host.ssh([`cat; echo ${i}; exit ${i}`], { input: `line ${i}\n` })),
    );
    expect(all.map(({ status }) => status)).toEqual(all.map((_, i) => i));
    expect(all.map(({ stdout }) => stdout.toString())).toEqual(all.map((_, i) => `line ${i}\n${i}\n`));
  });

  it('outlives clients that talk nonsense, stop in the middle, or ask for what is not allowed', async () => {
    const before = await host.status();
    if (before === undefined) throw new Error('no status');
    const { ssh } = before.ports;
    const greeting = Buffer.from('SSH-2.0-OpenSSH_9.2\r\n');
    const nonsense = Array.from({ length: 60 }, (_, i) =>
      i % 3 === 0 ? randomBytes(1 + i * 37) : Buffer.concat([greeting, randomBytes(i * 211)]),
    );
    for (const bytes of [...nonsense, Buffer.alloc(200_000, 'A'), greeting.subarray(0, 9)])
      await talk(ssh, bytes);
    await twoProgramsOnOneChannel(ssh, host.password);
    expect((await host.shell('echo in')).stdout.toString()).toBe('in\n');
    expect(pidOf((await host.status()) ?? before, 'sshd')).toBe(pidOf(before, 'sshd'));
  });

  it('drops connections that do not log in when there are too many, and serves again when they are gone', async () => {
    const { ssh = 0 } = (await host.status())?.ports ?? {};
    const idle = await Promise.all(Array.from({ length: 80 }, () => open(ssh)));
    await waitFor('the surplus to be dropped', () =>
      idle.filter(s => s.destroyed).length >= 16 ? true : undefined,
    );
    for (const socket of idle) socket.destroy();
    await waitFor('room', async () => ((await host.shell('true')).status === 0 ? true : undefined));
  });

  it('keeps its host keys for the next boot, readable by root alone', async () => {
    const keys = 'cat /etc/ssh/*.pub; stat -c %a /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_rsa_key';
    const before = (await host.shell(keys)).stdout.toString();
    expect(before).toMatch(/ssh-ed25519 [\s\S]*ssh-rsa [\s\S]*600\n600\n$/);
    await host.down();
    host = await RunningHost.up(root);
    expect((await host.shell(keys)).stdout.toString()).toBe(before);
  });
});

function open(port: number): Promise<Socket> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => resolve(socket));
    socket.resume();
  });
}

/** Sends bytes, waits for the server to hang up or for a moment, and goes. */
async function talk(port: number, bytes: Buffer): Promise<void> {
  const socket = await open(port);
  const closed = new Promise(resolve => socket.once('close', resolve));
  socket.end(bytes);
  setTimeout(() => socket.destroy(), 300);
  await closed;
}

/** A client of its own making: OpenSSH's would not do this. */
function twoProgramsOnOneChannel(port: number, password: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('error', reject);
    client.on('close', () => resolve());
    client.on('ready', () =>
      client.exec('sleep 1', (error, channel) => {
        if (error !== undefined) return reject(error);
        const { _client, outgoing } = channel as unknown as {
          _client: {
            _protocol: {
              exec(id: number, command: string, reply: boolean): void;
              shell(id: number, reply: boolean): void;
            };
          };
          outgoing: { id: number };
        };
        _client._protocol.exec(outgoing.id, 'true', false);
        _client._protocol.shell(outgoing.id, false);
        channel.on('close', () => client.end());
        channel.resume();
      }),
    );
    client.connect({ host: '127.0.0.1', port, username: 'root', password });
  });
}
