import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { installPackages } from '../../tools/esx/debian-packages.js';
import { freePort } from '../free-port.js';
import { cpuUs, processTree } from '../processes.js';
import type { BenchContext } from '../result.js';

/** Libraries of sshd that are not on every machine. */
const LIBRARIES: readonly string[] = ['libwrap0', 'openssh-sftp-server'];

/**
 * Debian's sshd on a port of its own. The package is unpacked, not installed: installed, it would serve the machine's
 * port 22. It runs in a mount namespace where root has an empty home and the user that sshd separates exists.
 */
export class OpenSshServer {
  private constructor(
    private readonly process: ChildProcess,
    private readonly context: BenchContext,
    readonly port: number,
  ) {}

  /** @param publicKey a line of authorized_keys */
  static async start(context: BenchContext, publicKey: string): Promise<OpenSshServer> {
    const folder = join(context.folder, 'openssh');
    const home = join(folder, 'home');
    mkdirSync(home, { recursive: true });
    await installPackages(LIBRARIES, process.env);
    const program = await unpack(folder);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'host-key')]);
    writeFileSync(join(folder, 'authorized'), publicKey);
    const port = await freePort();
    writeFileSync(join(folder, 'config'), configText(folder, port));
    const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
    const others = accounts.filter(line => !/^(root|sshd):/.test(line) && line !== '');
    writeFileSync(
      join(folder, 'passwd'),
      `root:x:0:0:root:${home}:/bin/bash\nsshd:x:74:74::/run/sshd:/usr/sbin/nologin\n${others.join('\n')}\n`,
    );
    const script = join(folder, 'run');
    writeFileSync(
      script,
      '#!/bin/sh -e\nmount --bind "$1/passwd" /etc/passwd\nmount -t tmpfs run /run\nmkdir -p /run/sshd\n' +
        'exec "$2" -D -e -f "$1/config"\n',
    );
    chmodSync(script, 0o700);
    const child = spawn('unshare', ['--mount', script, folder, program], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const server = context.owned.add(new OpenSshServer(child, context, port));
    await listening(child);
    return server;
  }

  cpuUs(): number {
    return processTree(this.process.pid ?? 0).reduce((total, pid) => total + cpuUs(pid), 0);
  }

  async stop(): Promise<void> {
    this.context.owned.gone(this);
    const ended = once(this.process, 'exit');
    if (this.process.exitCode === null && this.process.kill('SIGTERM')) await ended;
  }
}

async function unpack(folder: string): Promise<string> {
  // The client's own version: both ends of one release.
  execFileSync('apt-get', ['-q', 'update'], { stdio: 'ignore' });
  execFileSync('apt-get', ['-q', 'download', 'openssh-server'], { cwd: folder, stdio: 'ignore' });
  const archive = readdirSync(folder).find(name => name.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get has no openssh-server');
  const target = join(folder, 'unpacked');
  execFileSync('dpkg-deb', ['-x', join(folder, archive), target]);
  return join(target, 'usr/sbin/sshd');
}

function configText(folder: string, port: number): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${folder}/host-key`,
    `AuthorizedKeysFile ${folder}/authorized`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'PermitRootLogin yes',
    'Subsystem sftp /usr/lib/openssh/sftp-server',
    '',
  ].join('\n');
}

async function listening(child: ChildProcess): Promise<void> {
  if (child.stderr === null) throw new Error('no standard error');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    if (line.includes('Server listening')) {
      child.stderr.resume();
      return;
    }
  }
  throw new Error(`OpenSSH's sshd ended: ${said.join('; ')}`);
}
