import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freeOffset, makeRoot, pidOf, RunningHost, removeRoot, TREE, waitFor } from './running-host.js';

/** Landlock's scopes came with Linux 6.12; before, abstract sockets are only as private as the network namespace. */
const [MAJOR = 0, MINOR = 0] = readFileSync('/proc/sys/kernel/osrelease', 'utf8').split('.').map(Number);
const HAS_SCOPES = MAJOR > 6 || (MAJOR === 6 && MINOR >= 12);

describe.each(['overlay', 'links'] as const)('the service console, /usr as %s', usr => {
  const root = makeRoot();
  const outside = mkdtempSync(join(tmpdir(), 'console-canary-'));
  const canary = join(outside, 'canary');
  let host: RunningHost;
  const run = async (command: string): Promise<string> =>
    (await host.shell(command)).stdout.toString().trim();

  beforeAll(async () => {
    writeFileSync(canary, 'untouched', { mode: 0o666 });
    host = await RunningHost.up(root, ['--port-offset', String(await freeOffset()), '--usr', usr]);
  });
  afterAll(async () => {
    await host.down();
    removeRoot(root);
    rmSync(outside, { recursive: true });
  });

  it('lets its root do nothing to the machine', async () => {
    const abstractName = `console-test-${process.pid}-${usr}`;
    const server = await listenAbstract(abstractName);
    const nullBefore = statSync('/dev/null').mode;
    const status = await host.status();
    const bootId = status?.bootId ?? '';
    copyFileSync(join(TREE, 'test/init/escape.mjs'), join(root, 'console/root/escape.mjs'));
    try {
      const args = [canary, String(process.pid), HAS_SCOPES ? abstractName : '', `/dev/shm/esx-${bootId}`];
      const { stdout, stderr } = await host.shell(
        `/usr/lib/vmware/bin/node /root/escape.mjs ${args.map(a => `'${a}'`).join(' ')}`,
      );
      const results: Record<string, string> = JSON.parse(stdout.toString() || JSON.stringify({ stderr }));
      expect(Object.keys(results).length).toBeGreaterThan(150);
      expect(Object.entries(results).filter(([, outcome]) => !outcome.startsWith('refused'))).toEqual([]);
    } finally {
      server.close();
    }
    expect(readFileSync(canary, 'utf8')).toBe('untouched');
    expect(statSync('/dev/null').mode).toBe(nullBefore);
    expect(readFileSync(`/dev/shm/esx-${bootId}/sched`, 'utf8')).toBe('statistics');
    expect((await host.shell('echo in')).stdout.toString()).toBe('in\n');
  });

  it('hands none of its programs a descriptor of the machine’s', async () => {
    const links = await run(
      'for f in /proc/[0-9]*/fd/*; do t=$(readlink $f) && stat -L -c "%n %t:%T %D" $f; done 2>/dev/null | grep "1:3 " | cut -d" " -f3 | sort -u; stat -c %D /dev',
    );
    // every /dev/null that is open is the one on the console's own /dev
    expect(new Set(links.split('\n')).size).toBe(1);
  });

  it('does not let a daemon’s launcher open Node’s inspector for the console’s root', async () => {
    // For some seconds SIGUSR1 rains on every launcher, while both daemons are started again and again.
    const rain = `end=$(($(date +%s) + 5)); while [ $(date +%s) -lt $end ]; do for p in $(grep -la "enter-mai[n]" /proc/[0-9]*/cmdline); do
      p=\${p%/cmdline}; kill -USR1 \${p#/proc/}; done; done`;
    await host.shell(`echo '${rain}' > /tmp/rain; nohup sh /tmp/rain >/dev/null 2>&1 &`);
    const before = await host.status();
    if (before === undefined) throw new Error('no status');
    process.kill(pidOf(before, 'hostd') || pidOf(before, 'sshd'), 'SIGKILL');
    process.kill(pidOf(before, 'sshd'), 'SIGKILL');
    await waitFor(
      'sshd to serve again',
      async () => ((await host.shell('true')).status === 0 ? true : undefined),
      60_000,
    );
    const log = readFileSync(join(root, 'var/log/init.log'), 'utf8');
    expect(log).not.toMatch(/Debugger listening/);
    expect(await run('grep -ci ":240D .* 0A " /proc/net/tcp')).toBe('0'); // nobody listens on 9229
  });

  it('shows the product’s identity and not the machine’s', async () => {
    expect(await run('cat /etc/redhat-release')).toBe(
      'Red Hat Enterprise Linux ES release 3 (Taroon Update 6)',
    );
    expect(await run('hostname -s')).toBe('esx01');
    expect(await run('cat /usr/lib/os-release')).toContain('VMware ESX Server 3.5.0');
    expect(await run('cat /etc/machine-id /etc/debian_version 2>&1 >/dev/null | wc -l')).toBe('2');
    expect(await run(`ls ${TREE} 2>&1`)).toMatch(/No such file/);
  });

  it('has the tools on its path, and the machine’s usual programs', async () => {
    expect(await run('command -v esxtop vim-cmd vmware')).toBe(
      '/usr/bin/esxtop\n/usr/bin/vim-cmd\n/usr/bin/vmware',
    );
    expect(await run('awk "BEGIN { print 6 * 7 }"; perl -e "print 1"')).toBe('42\n1');
  });

  it('has nothing that everybody may write but what is for everybody', async () => {
    const found = await run('find / -xdev -perm -002 ! -type l ! -type c ! -perm -1000; ls -ld /run/lock');
    expect(found).toMatch(/^drwxrwxrwt \S+ root root \S+ .* \/run\/lock$/);
    expect(await run('find /usr -maxdepth 3 -perm -002 ! -type l')).toBe('');
  });

  it('is on PCPU 0 with its own pid 1, which reaps orphans', async () => {
    expect(await run('grep Cpus_allowed_list /proc/self/status')).toMatch(/\s\d+$/);
    expect(await run('cat /proc/1/comm')).toBe('cat');
    await run('for i in 1 2 3 4 5; do setsid sh -c "sleep 0.2 & exit" & done; wait');
    await waitFor('no zombie', async () =>
      (await run('grep -l "^State:.Z" /proc/[0-9]*/status | wc -l')) === '0' ? true : undefined,
    );
  });

  it('finds the datastore by volume and by label, and statistics and socket read-only', async () => {
    await run('echo data > /vmfs/volumes/storage1/file');
    expect(await run('cat /vmfs/volumes/4a5b6c7d-01020304/file')).toBe('data');
    expect(readFileSync(join(root, 'datastores/storage1/file'), 'utf8')).toBe('data\n');
    expect(await run('cat /dev/shm/esx-*/sched')).toBe('statistics');
    expect(await run('test -S /var/run/vmware/control.sock && echo there')).toBe('there');
  });

  it('keeps /root, /home, /etc and /var over down and up, and not /run and /dev/shm', async () => {
    const paths = ['/root/f', '/home/f', '/etc/f', '/var/f', '/run/f', '/dev/shm/f'];
    await run(`for f in ${paths.join(' ')}; do echo kept > $f; done`);
    await host.down();
    host = await RunningHost.up(root, ['--usr', usr]);
    expect(await run(`ls ${paths.join(' ')} 2>/dev/null`)).toBe(paths.slice(0, 4).sort().join('\n'));
  });

  it('is built inside its folder even when its root laid links over every mount point', async () => {
    const target = join(outside, 'led-astray');
    mkdirSync(target);
    const points = ['/home', '/opt', '/mnt', '/var/empty'];
    await run(`for d in ${points.join(' ')}; do rm -rf $d; ln -s ${target} $d; done`);
    await run(`rm -rf /etc/alternatives /var/run /var/lock /tmp/x; ln -s ${target} /etc/alternatives`);
    await host.down();
    // What cannot be replaced from inside (mount points in use) is replaced from outside, as a root of the past could have.
    for (const name of ['run', 'vmfs', 'proc', 'dev']) {
      rmSync(join(root, 'console', name), { recursive: true, force: true });
    }
    for (const name of ['run', 'vmfs', 'proc', 'dev']) symlinkSync(target, join(root, 'console', name));
    host = await RunningHost.up(root, ['--usr', usr]);
    expect(readdirSync(target)).toEqual([]);
    expect(await run('ls -d /proc/1 /dev/null /vmfs/volumes/storage1')).toBe(
      '/dev/null\n/proc/1\n/vmfs/volumes/storage1',
    );
  });
});

function listenAbstract(name: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(`\0${name}`, () => resolve(server));
  });
}
