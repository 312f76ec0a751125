import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../harness/index.js';
import { freeOffset, makeRoot, RunningHost, removeRoot } from './running-host.js';

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
    const again = await host.ssh(['-tt'], { input: 'exit\n' });
    expect(again.stdout.toString()).toMatch(
      /^Last login: \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} from 127\.0\.0\.1\r$/m,
    );
    expect(existsSync(join(root, 'var/log/wtmp'))).toBe(true);
  });
});
