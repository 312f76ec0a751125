import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../harness/index.js';
import { freeOffset, makeRoot, RunningHost, removeRoot, waitFor } from './running-host.js';

const FLAGS = ['-F', '/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
const BATCH = ['-o', 'LogLevel=ERROR', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes'];
const KEYS = ['ed25519', 'ecdsa', 'rsa'] as const;

async function run(program: string, args: readonly string[], env?: NodeJS.ProcessEnv) {
  const ended = await runProgram(program, args, { timeoutMs: 20_000, ...(env === undefined ? {} : { env }) });
  return { ...ended, stdout: ended.stdout.toString('utf8') };
}

describe('sshd with the clients of administrators', () => {
  const root = makeRoot();
  const work = mkdtempSync(join(tmpdir(), 'ssh-clients-'));
  const inWork = (name: string): string => join(work, name);
  const key = (name: string): string[] => ['-i', inWork(name)];
  let host: RunningHost;
  let port: string;

  /** OpenSSH's client with a key and no password. */
  const byKey = (name: string, args: readonly string[]) =>
    run('ssh', [...FLAGS, ...BATCH, ...key(name), '-p', port, 'root@127.0.0.1', ...args]);
  const file = (name: string): string => join(root, 'console', name);
  const setConfig = (line: string): void => {
    const text = readFileSync(new URL('../../etc/ssh/sshd_config', import.meta.url), 'utf8');
    writeFileSync(file('etc/ssh/sshd_config'), `${line}\n${text}`);
  };

  beforeAll(async () => {
    host = await RunningHost.up(root, ['--port-offset', String(await freeOffset())]);
    port = String((await host.status())?.ports.ssh ?? 0);
    mkdirSync(join(work, '.ssh'), { mode: 0o700 });
    for (const name of KEYS)
      execFileSync('ssh-keygen', ['-q', '-t', name, '-N', '', '-C', name, '-f', inWork(name)]);
  });
  afterAll(async () => {
    await host.down();
    removeRoot(root);
    rmSync(work, { recursive: true });
  });

  it('take keys from ssh-copy-id, which then log in: ed25519, ecdsa, rsa', async () => {
    const env = { ...process.env, HOME: work, SSHPASS: host.password };
    for (const name of KEYS) {
      expect((await byKey(name, ['true'])).status).toBe(255);
      const args = ['-e', 'ssh-copy-id', ...FLAGS.slice(0, 6), '-i', inWork(`${name}.pub`), '-p', port];
      const copied = await run('sshpass', [...args, 'root@127.0.0.1'], env);
      expect([name, copied.status, copied.stderr]).toMatchObject([name, 0, expect.any(String)]);
      expect((await byKey(name, ['id', '-un'])).stdout).toBe('root\n');
    }
    expect(execFileSync('stat', ['-c', '%a', file('root/.ssh/authorized_keys')], { encoding: 'utf8' })).toBe(
      '600\n',
    );
  });

  it('refuse an RSA signature with SHA-1', async () => {
    const sha1 = ['-o', 'PubkeyAcceptedAlgorithms=ssh-rsa'];
    const args = [...FLAGS, ...BATCH, ...sha1, ...key('rsa'), '-p', port, 'root@127.0.0.1', 'true'];
    expect((await run('ssh', args)).status).toBe(255);
  });

  it('copy files with scp by both protocols, sftp and rsync', async () => {
    const bytes = randomBytes(3_000_000);
    writeFileSync(inWork('sent'), bytes);
    const common = [...FLAGS, ...BATCH, ...key('ed25519')];
    for (const protocol of [['-O'], ['-s']]) {
      const scp = ['-p', ...protocol, ...common, '-P', port];
      expect((await run('scp', [...scp, inWork('sent'), 'root@127.0.0.1:/tmp/got'])).status).toBe(0);
      expect((await run('scp', [...scp, 'root@127.0.0.1:/tmp/got', inWork('back')])).status).toBe(0);
      expect(readFileSync(inWork('back')).equals(bytes)).toBe(true);
      rmSync(inWork('back'));
    }
    writeFileSync(
      inWork('batch'),
      `put ${inWork('sent')} /tmp/by-sftp\nchmod 640 /tmp/by-sftp\nls -l /tmp/by-sftp\n`,
    );
    const sftp = await run('sftp', [...common, '-P', port, '-b', inWork('batch'), 'root@127.0.0.1']);
    expect([sftp.status, sftp.stdout]).toEqual([0, expect.stringMatching(/^-rw-r-----.* 3000000 /m)]);
    const remote = `ssh ${common.join(' ')} -p ${port}`;
    const docs = new URL('../../docs/', import.meta.url).pathname;
    for (const [from, to] of [
      [docs, 'root@127.0.0.1:/tmp/docs/'],
      ['root@127.0.0.1:/tmp/docs/', inWork('docs/')],
    ] as const)
      expect((await run('rsync', ['-a', '-e', remote, from, to])).status).toBe(0);
    expect((await run('diff', ['-r', docs, inWork('docs')])).status).toBe(0);
  });

  it('get no sftp when the program is not there, and hear so', async () => {
    setConfig('Subsystem sftp /usr/lib/openssh/none');
    const { status, stderr } = await byKey('ed25519', ['-s', 'sftp']);
    expect([status, stderr]).toEqual([255, expect.stringContaining('subsystem request failed')]);
    setConfig('');
  });

  it('are bound by the options of their key', async () => {
    const keys = file('root/.ssh/authorized_keys');
    const before = readFileSync(keys, 'utf8');
    const [ed25519 = '', ecdsa = '', rsa = ''] = before.trim().split('\n');
    writeFileSync(
      keys,
      `restrict,command="echo forced: $SSH_ORIGINAL_COMMAND" ${ed25519}\nfrom="10.0.0.0/8" ${ecdsa}\npermitopen="a:1" ${rsa}\n`,
    );
    expect((await byKey('ed25519', ['echo', 'asked'])).stdout).toBe('forced: echo asked\n');
    expect((await byKey('ed25519', ['-tt', 'tty'])).stderr).toContain('PTY allocation request failed');
    expect((await byKey('ecdsa', ['true'])).status).toBe(255);
    expect((await byKey('rsa', ['true'])).status).toBe(255);
    writeFileSync(keys, before);
  });

  it('do not get in by a file that others may write, or as an account that is locked or has expired', async () => {
    expect((await byKey('ed25519', ['chmod 777 /root/.ssh'])).status).toBe(0);
    expect((await byKey('ed25519', ['true'])).status).toBe(255);
    await host.shell(
      'chmod 700 /root/.ssh; useradd -m -p "*" kim; cp -r /root/.ssh /home/kim; chown -R kim:kim /home/kim',
    );
    const asKim = () =>
      run('ssh', [...FLAGS, ...BATCH, ...key('ed25519'), '-p', port, 'kim@127.0.0.1', 'id -un']);
    expect((await asKim()).stdout).toBe('kim\n');
    for (const [close, open] of [
      ['usermod -L kim', 'usermod -p "*" kim'],
      ['usermod -e 1 kim', 'usermod -e "" kim'],
    ] as const) {
      expect((await host.shell(close)).status).toBe(0);
      expect([close, (await asKim()).status]).toEqual([close, 255]);
      expect((await host.shell(open)).status).toBe(0);
      expect([open, (await asKim()).status]).toEqual([open, 0]);
    }
  });

  it('follow sshd_config from their next connection on', async () => {
    for (const [line, works] of [
      ['PermitRootLogin no', false],
      ['PermitRootLogin prohibit-password', true],
      ['PubkeyAuthentication no', false],
      ['DenyUsers root@127.0.0.*', false],
      ['AllowUsers joe', false],
      ['AllowGroups users', false],
      ['AllowGroups r*', true],
    ] as const) {
      setConfig(line);
      expect([line, (await byKey('ed25519', ['true'])).status]).toEqual([line, works ? 0 : 255]);
    }
    const password = (): ReturnType<RunningHost['ssh']> =>
      host.ssh(['-o', 'PreferredAuthentications=password', 'true']);
    for (const line of ['PermitRootLogin prohibit-password', 'PasswordAuthentication no']) {
      setConfig(line);
      expect([line, (await password()).status]).toEqual([line, 255]);
    }
    writeFileSync(file('etc/issue.net'), 'Authorized use only\n');
    setConfig('Banner /etc/issue.net');
    const args = [...FLAGS, '-o', 'BatchMode=yes', ...key('ed25519'), '-p', port, 'root@127.0.0.1', 'true'];
    expect((await run('ssh', args)).stderr).toContain('Authorized use only');
    setConfig('');
  });

  it('are asked for the password by keyboard-interactive too', async () => {
    const only = ['-o', 'PreferredAuthentications=keyboard-interactive'];
    expect((await host.ssh([...only, 'echo in'])).stdout.toString()).toBe('in\n');
    expect((await host.ssh([...only, 'true'], { password: 'wrong' })).status).toBe(255);
  });

  it('are disconnected after as many keys as MaxAuthTries says', async () => {
    const keys: string[] = [];
    for (let i = 0; i < 7; i++) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', inWork(`other${i}`)]);
      keys.push(...key(`other${i}`));
    }
    const args = [...FLAGS, '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', ...keys];
    const { status, stderr } = await run('ssh', [...args, ...key('ed25519'), '-p', port, 'root@127.0.0.1']);
    expect([status, stderr]).toEqual([255, expect.not.stringContaining('Permission denied')]);
  });

  it('get no forwarding of ports, agent or display, and -L when sshd_config allows it', async () => {
    const forward = ['-W', `127.0.0.1:${port}`];
    const refused = await byKey('ed25519', ['-v', ...forward]);
    expect([refused.status, refused.stderr]).toEqual([
      255,
      expect.stringContaining('administratively prohibited'),
    ]);
    expect(
      (await byKey('ed25519', ['-R', '0:127.0.0.1:1', '-o', 'ExitOnForwardFailure=yes', 'true'])).status,
    ).toBe(255);
    expect((await byKey('ed25519', ['-A', 'echo "[$SSH_AUTH_SOCK]"'])).stdout).toBe('[]\n');
    expect((await byKey('ed25519', ['-Y', 'echo "[$DISPLAY]"'])).stdout).toBe('[]\n');
    setConfig('AllowTcpForwarding yes');
    expect((await byKey('ed25519', forward)).stdout).toMatch(/^SSH-2\.0-openesx/);
    setConfig('');
  });

  it('leave their terminals in who and last, and see their last login', async () => {
    const { stdout } = await host.ssh(['-tt'], { input: 'who; last\nexit\n' });
    expect(stdout.toString()).toMatch(/^root +pts\/\d+ .*\(127\.0\.0\.1\)/m);
    expect(stdout.toString()).toMatch(/^root +pts\/\d+ +127\.0\.0\.1 .* still logged in/m);
    const again = await host.ssh(['-tt'], { input: 'exit\n' });
    expect(again.stdout.toString()).toMatch(
      /^Last login: \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} from 127\.0\.0\.1\r$/m,
    );
    expect(existsSync(join(root, 'var/log/wtmp'))).toBe(true);
  });

  it('run ansible’s raw and command modules', async () => {
    const ssh = [...FLAGS, ...BATCH].join(' ');
    writeFileSync(inWork('ansible.cfg'), '');
    writeFileSync(
      inWork('inventory'),
      `esx ansible_host=127.0.0.1 ansible_port=${port} ansible_user=root ansible_ssh_private_key_file=${inWork('ed25519')} ansible_python_interpreter=/usr/bin/python3\n`,
    );
    const env = {
      PATH: process.env.PATH,
      HOME: work,
      ANSIBLE_CONFIG: inWork('ansible.cfg'),
      ANSIBLE_LOCAL_TEMP: inWork('ansible'),
      ANSIBLE_SSH_ARGS: ssh,
      LC_ALL: 'C.UTF-8',
    };
    for (const [module, text] of [
      ['raw', 'vmware -v'],
      ['command', 'cat /etc/vmware-release'],
    ] as const) {
      const args = ['esx', '-i', inWork('inventory'), '-m', module, '-a', text];
      const { status, stdout, stderr } = await run('/usr/bin/ansible', args, env);
      expect([module, status, stderr, stdout]).toEqual([
        module,
        0,
        expect.any(String),
        expect.stringMatching(/rc=0[\s\S]*ESX Server/),
      ]);
    }
  });

  it('that no longer answer lose their processes after ClientAliveCountMax questions', async () => {
    setConfig('ClientAliveInterval 1\nClientAliveCountMax 1');
    const proxy = await SilentProxy.start(Number(port));
    const child = spawn('ssh', [
      ...[...FLAGS, ...BATCH, ...key('ed25519'), '-p', String(proxy.port)],
      ...['root@127.0.0.1', 'exec sleep 4243'],
    ]);
    const sleepers = async (): Promise<number> =>
      Number((await byKey('ed25519', ['pgrep -cx -f "sleep 4243" || true'])).stdout);
    await waitFor('the sleeper', async () => ((await sleepers()) === 1 ? true : undefined));
    proxy.fallSilent();
    await waitFor('its end', async () => ((await sleepers()) === 0 ? true : undefined));
    child.kill('SIGKILL');
    proxy.close();
    setConfig('');
  });

  it('get so many sessions on one connection as MaxSessions says', async () => {
    setConfig('MaxSessions 2');
    const client = new ssh2.Client();
    const ready = once(client, 'ready');
    client.connect({
      host: '127.0.0.1',
      port: Number(port),
      username: 'root',
      privateKey: readFileSync(inWork('ed25519')),
    });
    await ready;
    const start = (): Promise<boolean> =>
      new Promise(resolve => {
        client.exec('sleep 5', error => resolve(error === undefined));
      });
    expect([await start(), await start(), await start()]).toEqual([true, true, false]);
    client.end();
    setConfig('');
  });

  it('with keys of other kinds are refused, and sshd goes on', async () => {
    const keys = file('root/.ssh/authorized_keys');
    const before = readFileSync(keys, 'utf8');
    execFileSync('ssh-keygen', ['-q', '-t', 'dsa', '-N', '', '-f', inWork('dsa')]);
    const garbage = ['ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256'].map(
      type => `${type} ${randomBytes(300).toString('base64')}`,
    );
    const dsa = readFileSync(inWork('dsa.pub'), 'utf8');
    writeFileSync(keys, `${garbage.join('\n')}\n\0\u{feff}${'x'.repeat(500_000)}\n${dsa}${before}`);
    const asDsa = [
      '-o',
      'PubkeyAcceptedAlgorithms=+ssh-dss',
      ...key('dsa'),
      '-p',
      port,
      'root@127.0.0.1',
      'true',
    ];
    expect((await run('ssh', [...FLAGS, ...BATCH, ...asDsa])).status).toBe(255);
    expect((await byKey('ed25519', ['true'])).status).toBe(0);
    writeFileSync(keys, before);
  });

  it('log in with the password that passwd has just set on a terminal', async () => {
    expect((await byKey('ed25519', ['useradd -m bob'])).status).toBe(0);
    const child = spawn('ssh', [
      ...[...FLAGS, ...BATCH, ...key('ed25519'), '-p', port, '-tt'],
      ...['root@127.0.0.1', 'passwd bob'],
    ]);
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const ended = once(child, 'exit');
    for (const prompt of ['New password:', 'Retype new password:']) {
      await waitFor(prompt, () => (text.includes(prompt) ? true : undefined));
      child.stdin.write('Fresh-Secret-9\n');
    }
    expect((await ended)[0]).toBe(0);
    const asBob = { user: 'bob', password: 'Fresh-Secret-9' };
    expect((await host.ssh(['id -un'], asBob)).stdout.toString()).toBe('bob\n');
  });

  it('stand in /var/log/secure, those who got in and those who did not', async () => {
    await host.ssh(['true'], { user: 'nobody-here', password: 'x' });
    await waitFor('the lines', async () => {
      const { stdout } = await byKey('ed25519', ['cat /var/log/secure']);
      const hasBoth =
        / sshd\[\d+\]: Accepted publickey for root from 127\.0\.0\.1 port \d+ ssh2: ED25519 SHA256:/.test(
          stdout,
        ) && / sshd\[\d+\]: Failed password for invalid user nobody-here from 127\.0\.0\.1 /.test(stdout);
      return hasBoth ? true : undefined;
    });
  });
});

/** Carries connections to a port until it falls silent: then nothing goes either way, and nothing is closed. */
class SilentProxy {
  readonly #sockets: Socket[] = [];

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(target: number): Promise<SilentProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const proxy = new SilentProxy(server, typeof address === 'object' && address !== null ? address.port : 0);
    server.on('connection', near => {
      const far = connect(target, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.pipe(far).pipe(near);
      proxy.#sockets.push(near, far);
    });
    return proxy;
  }

  fallSilent(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
  }
}
