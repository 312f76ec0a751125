import { addressOf, check, lastErrno, libc, SystemError } from './libc.js';

const execve_ = libc.func('execve', 'int', ['const char *', 'void *', 'void *']);
const signal_ = libc.func('intptr_t signal(int signal, intptr_t handler)');
const fcntl_ = libc.func('int fcntl(int fd, int command, int argument)');
const pipe_ = libc.func('int pipe2(void *fds, int flags)');
const dup3_ = libc.func('int dup3(int from, int to, int flags)');
const waitpid_ = libc.func('int waitpid(int pid, void *status, int options)');
const syscall_ = libc.func('syscall', 'long', ['long', 'uint32_t', 'uint32_t', 'uint32_t']);

const SYS_CLOSE_RANGE = 436;
const CLOSE_RANGE_CLOEXEC = 4;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const O_CLOEXEC = 0o2000000;
const WNOHANG = 1;
const SIG_DFL = 0;
const SIG_IGN = 1;
const LAST_SIGNAL = 64;
const SIGCHLD = 17;

/** A NULL-terminated char *[]; `keep` holds the bytes it points to. */
function stringVector(strings: readonly string[]): { vector: BigUint64Array; keep: Buffer[] } {
  const keep = strings.map(s => Buffer.from(`${s}\0`, 'utf8'));
  return { vector: new BigUint64Array([...keep.map(b => BigInt(addressOf(b))), 0n]), keep };
}

export interface ExecOptions {
  path: string;
  argv: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** Descriptors 0 … keptFds-1 stay open; every other one is closed. */
  keptFds: number;
  /** Whether the new image has its dead children reaped by Linux itself (an ignored SIGCHLD survives exec). */
  ignoreChildren?: boolean;
}

/**
 * Turns this process into another program under the same pid. Signals get their default actions first
 * (Node ignores SIGPIPE, and an ignored signal survives exec). Returns only by throwing.
 */
export function exec(options: ExecOptions): never {
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) signal_(signal, SIG_DFL);
  if (options.ignoreChildren === true) signal_(SIGCHLD, SIG_IGN);
  syscall_(SYS_CLOSE_RANGE, options.keptFds, 0xffffffff, CLOSE_RANGE_CLOEXEC);
  for (let fd = 0; fd < options.keptFds; fd++) fcntl_(fd, F_SETFD, 0);
  const argv = stringVector(options.argv);
  const environment = stringVector(Object.entries(options.environment).map(([k, v]) => `${k}=${v}`));
  execve_(options.path, argv.vector, environment.vector);
  throw new SystemError('execve', lastErrno(), options.path);
}

export function closeOnExec(fd: number): void {
  check('fcntl(F_SETFD)', fcntl_(fd, F_SETFD, FD_CLOEXEC));
}

/** Makes descriptor `to` name what `from` names, whatever it was before. */
export function replaceFd(from: number, to: number): void {
  check('dup3', dup3_(from, to, 0));
}

/** A pipe, closed on exec. A program that opens /dev/stdout again can do so on a pipe, not on the sockets Node makes. */
export function pipe(): { readFd: number; writeFd: number } {
  const fds = new Int32Array(2);
  check('pipe2', pipe_(fds, O_CLOEXEC));
  return { readFd: fds[0] ?? -1, writeFd: fds[1] ?? -1 };
}

/** Reaps a child that Node does not know (an adopted orphan). @returns whether it had ended */
export function reap(pid: number): boolean {
  return waitpid_(pid, null, WNOHANG) === pid;
}
