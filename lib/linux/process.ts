import { check, lastErrno, libc } from './libc.js';

const prctl_ = libc.func('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong']);
const prctlName_ = libc.func('prctl', 'int', ['int', 'const char *', 'ulong', 'ulong', 'ulong']);
const syscall3_ = libc.func('syscall', 'long', ['long', 'long', 'long', 'long']);
const syscall4_ = libc.func('syscall', 'long', ['long', 'long', 'long', 'long', 'long']);
const poll_ = libc.func('int poll(void *fds, unsigned long n, int ms)');
const close_ = libc.func('int close(int fd)');
const setns_ = libc.func('int setns(int fd, int type)');
const dup_ = libc.func('int fcntl(int fd, int cmd, int arg)');

const PR_SET_PDEATHSIG = 1;
const PR_SET_NAME = 15;
const PR_SET_TIMERSLACK = 29;
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
const POLLIN = 1;
const F_DUPFD_CLOEXEC = 1030;
const ESRCH = 3;

/** Names the calling thread (15 bytes at most, as ps and top show it). */
export function setThreadName(name: string): void {
  check('prctl', prctlName_(PR_SET_NAME, name.slice(0, 15), 0, 0, 0));
}

/** Linux rounds timed waits up by the slack (50 µs by default); a scheduler wants 1 ns. */
export function setTimerSlack(slackNs: number): void {
  check('prctl', prctl_(PR_SET_TIMERSLACK, slackNs, 0, 0, 0));
}

/** Sends this process `signal` when the thread that forked it ends: call it from processes forked by a main thread. */
export function setParentDeathSignal(signal: number): void {
  check('prctl', prctl_(PR_SET_PDEATHSIG, signal, 0, 0, 0));
}

/** A descriptor that names a process beyond reuse of its pid; -1 when there is no such process. */
export function pidfdOpen(pid: number): number {
  const fd = Number(syscall3_(SYS_PIDFD_OPEN, pid, 0, 0));
  if (fd === -1 && lastErrno() === ESRCH) return -1;
  return check('pidfd_open', fd);
}

/** Copies descriptor `fd` of the process behind `pidfd` into this process, closed on exec. */
export function pidfdGetfd(pidfd: number, fd: number): number {
  return check('pidfd_getfd', Number(syscall3_(SYS_PIDFD_GETFD, pidfd, fd, 0)));
}

const pollWords = new Int32Array(2);

/** Whether the process behind `pidfd` has ended (a zombie has). */
export function pidfdEnded(pidfd: number): boolean {
  pollWords[0] = pidfd;
  pollWords[1] = POLLIN;
  return check('poll', poll_(pollWords, 1, 0)) > 0;
}

/** @returns false when the process had ended already */
export function pidfdSignal(pidfd: number, signal: number): boolean {
  if (Number(syscall4_(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, 0, 0)) === 0) return true;
  if (lastErrno() === ESRCH) return false;
  check('pidfd_send_signal', -1);
  return false;
}

export function closeFd(fd: number): void {
  check('close', close_(fd));
}

export function duplicateFd(fd: number): number {
  return check('fcntl', dup_(fd, F_DUPFD_CLOEXEC, 0));
}

export const CLONE_NEWPID = 0x20000000;

/** Enters a namespace. For a pid namespace: the children of the calling thread are born in it. */
export function setNamespace(fd: number, type: number): void {
  check('setns', setns_(fd, type));
}
