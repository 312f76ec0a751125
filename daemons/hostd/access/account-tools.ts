import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { vimFault } from '../../../lib/vim-server/index.js';

/** Runs a program of the console to its end. */
export type RunProgram = (argv: readonly string[], input: string) => Promise<ProgramEnd>;

export interface ProgramEnd {
  readonly status: number;
  readonly complaint: string;
}

export interface NewUser {
  readonly name: string;
  readonly password: string | undefined;
  readonly description: string | undefined;
  readonly uid: number | undefined;
  readonly shell: string;
}

export interface UserChange {
  readonly name: string;
  readonly description: string | undefined;
  readonly uid: number | undefined;
  readonly shell: string | undefined;
}

/** What the exit statuses of useradd(8), userdel(8), usermod(8), groupadd(8) and groupdel(8) mean. */
const meanings: Readonly<Record<number, 'taken' | 'unknown' | 'in use'>> = {
  4: 'taken',
  6: 'unknown',
  8: 'in use',
  9: 'taken',
};
/** userdel(8): the account is removed, the home folder is not. */
const homeLeft = 12;
const timeoutMs = 20_000;
const maxComplaintBytes = 4096;

/**
 * shadow-utils, which write passwd, shadow, group and gshadow under their lock. One runs at a time. Names and texts
 * have been checked before; a password goes through a pipe, never through arguments, which others can read.
 */
export class AccountTools {
  readonly #run: RunProgram;
  #last: Promise<unknown> = Promise.resolve();

  constructor(run: RunProgram = runInConsole) {
    this.#run = run;
  }

  /** A user whose password cannot be set is not left behind. */
  async addUser({ name, password, description, uid, shell }: NewUser): Promise<void> {
    const id = uid === undefined ? [] : ['-u', String(uid)];
    const comment = description === undefined ? [] : ['-c', description];
    await this.#must(['useradd', '-m', '-s', shell, ...id, ...comment, '--', name]);
    if (password === undefined) return;
    try {
      await this.setPassword(name, password);
    } catch (error) {
      await this.#must(['userdel', '-r', '--', name]);
      throw error;
    }
  }

  setPassword(name: string, password: string): Promise<void> {
    return this.#must(['chpasswd'], `${name}:${password}\n`);
  }

  changeUser({ name, description, uid, shell }: UserChange): Promise<void> {
    const options = [
      ...(description === undefined ? [] : ['-c', description]),
      ...(uid === undefined ? [] : ['-u', String(uid)]),
      ...(shell === undefined ? [] : ['-s', shell]),
    ];
    return options.length === 0 ? Promise.resolve() : this.#must(['usermod', ...options, '--', name]);
  }

  /** With the home folder. */
  removeUser(name: string): Promise<void> {
    return this.#must(['userdel', '-r', '--', name]);
  }

  addGroup(name: string, gid: number | undefined): Promise<void> {
    return this.#must(['groupadd', ...(gid === undefined ? [] : ['-g', String(gid)]), '--', name]);
  }

  removeGroup(name: string): Promise<void> {
    return this.#must(['groupdel', '--', name]);
  }

  assign(user: string, group: string): Promise<void> {
    return this.#must(['usermod', '-a', '-G', group, '--', user]);
  }

  unassign(user: string, group: string): Promise<void> {
    return this.#must(['gpasswd', '-d', user, group]);
  }

  /** @throws VimFault AlreadyExists, UserNotFound, ResourceInUse, SystemError with what the program says */
  async #must(argv: readonly string[], input = ''): Promise<void> {
    const running = this.#last.then(() => this.#run(argv, input));
    this.#last = running.catch(() => undefined);
    const { status, complaint } = await running;
    if (status === 0) return;
    // The user is gone; his home folder, or a part of it, could not be removed.
    if (argv[0] === 'userdel' && status === homeLeft) return;
    throw toolFault(argv, status, complaint);
  }
}

function toolFault(argv: readonly string[], status: number, complaint: string): Error {
  const [program = ''] = argv;
  const name = argv.at(-1) ?? '';
  const meaning = /^(user|group)(add|del|mod)$/.test(program) ? meanings[status] : undefined;
  if (meaning === 'taken') return vimFault('AlreadyExists', { name }, complaint);
  if (meaning === 'unknown')
    return vimFault('UserNotFound', { principal: name, unresolved: true }, complaint);
  if (meaning === 'in use') return vimFault('ResourceInUse', { name }, complaint);
  const reason = `${program} ended with ${status}: ${complaint}`;
  return vimFault('SystemError', { reason }, reason);
}

async function runInConsole(argv: readonly string[], input: string): Promise<ProgramEnd> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < maxComplaintBytes) complaint += text;
  });
  // A program that ends early does not read; its status says why.
  child.stdin.on('error', () => undefined).end(input);
  await once(child, 'close');
  return { status: child.exitCode ?? -1, complaint: complaint.trim().slice(0, maxComplaintBytes) };
}
