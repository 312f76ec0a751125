import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ssh2';
import { FrontDoorError } from './errors.js';

/** Where a host's sshd is and what opens it. */
export interface SshAccess {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly passwordFile: string;
  readonly password: string;
  readonly knownHostsFile: string;
}

/** A session with OpenSSH's client, its password asked for by askpass.sh. @returns the command's exit status */
export function shellByOpenSsh(
  ssh: string,
  tree: string,
  access: SshAccess,
  command: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const options = {
    UserKnownHostsFile: access.knownHostsFile,
    StrictHostKeyChecking: 'accept-new',
    PubkeyAuthentication: 'no',
    PreferredAuthentications: 'password,keyboard-interactive',
    NumberOfPasswordPrompts: '1',
    LogLevel: 'ERROR',
  };
  const child = spawn(
    ssh,
    [
      ...['-F', '/dev/null', '-p', String(access.port), '-l', access.user],
      ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
      // A program such as esxtop wants the terminal that this one has.
      ...(command.length > 0 && process.stdin.isTTY && process.stdout.isTTY ? ['-t'] : []),
      access.address,
      ...(command.length > 0 ? ['--', ...command] : []),
    ],
    {
      stdio: 'inherit',
      env: {
        ...environment,
        SSH_ASKPASS: join(tree, 'tools/esx/askpass.sh'),
        SSH_ASKPASS_REQUIRE: 'force',
        ESX_PASSWORD_FILE: access.passwordFile,
      },
    },
  );
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === null ? 255 : 128)));
  });
}

/** The path of OpenSSH's client, if the machine has it and it would run: it refuses a user without a name. */
export function findOpenSsh(path: string | undefined): string | undefined {
  try {
    userInfo();
  } catch {
    return undefined;
  }
  return (path ?? '')
    .split(':')
    .map(folder => join(folder, 'ssh'))
    .find(file => existsSync(file));
}

/** The same session where OpenSSH is missing. */
export function shellByLibrary(access: SshAccess, command: readonly string[]): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const terminal = stdin.isTTY === true && (command.length === 0 || stdout.isTTY === true);
  const client = new Client();
  return new Promise<number>((resolve, reject) => {
    const pty = { term: 'xterm', cols: stdout.columns ?? 80, rows: stdout.rows ?? 24 };
    const attach = (error: Error | undefined, channel: import('ssh2').ClientChannel) => {
      if (error !== undefined) return reject(failed(error));
      if (terminal) stdin.setRawMode(true);
      stdin.pipe(channel);
      channel.pipe(stdout);
      channel.stderr.pipe(stderr);
      stdout.on('resize', () => channel.setWindow(stdout.rows, stdout.columns, 0, 0));
      let status = 255;
      channel.on('exit', (code: number | null) => {
        status = code ?? 255;
      });
      channel.on('close', () => resolve(status));
    };
    client.on('error', error => reject(failed(error)));
    client.on('ready', () => {
      if (command.length > 0) client.exec(command.join(' '), terminal ? { pty } : {}, attach);
      else if (terminal) client.shell(pty, attach);
      else client.shell(false, attach);
    });
    client.connect({
      host: access.address,
      port: access.port,
      username: access.user,
      password: access.password,
    });
  }).finally(() => {
    if (terminal) stdin.setRawMode(false);
    stdin.pause();
    client.end();
  });
}

function failed(cause: Error): FrontDoorError {
  return new FrontDoorError(
    'HostFailed',
    `ssh into the service console failed: ${cause.message}`,
    undefined,
    { cause },
  );
}
