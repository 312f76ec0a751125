import { check, libc, SystemError } from './libc.js';
import { closeFd } from './process.js';

const socket_ = libc.func('int socket(int domain, int type, int protocol)');
const bind_ = libc.func('int bind(int fd, void *address, unsigned int length)');
const listen_ = libc.func('int listen(int fd, int backlog)');
const shutdown_ = libc.func('int shutdown(int fd, int how)');
const setsockopt_ = libc.func(
  'int setsockopt(int fd, int level, int name, void *value, unsigned int length)',
);

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const BACKLOG = 511;
const SHUT_RD = 0;

/**
 * A listening TCP socket (IPv4), for a process that owns sockets and passes them on.
 * @throws SystemError EADDRINUSE, EACCES, EADDRNOTAVAIL
 */
export function listenTcp(address: string, port: number): number {
  const fd = bindTcp(address, port);
  try {
    check('listen', listen_(fd, BACKLOG), `${address}:${port}`);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
  return fd;
}

/**
 * A listening socket stops listening and keeps its port: connections are refused, those that waited are reset.
 * {@link resumeListening} undoes it.
 */
export function stopListening(fd: number): void {
  check('shutdown', shutdown_(fd, SHUT_RD));
}

/** @throws SystemError EADDRINUSE when another socket listens on the port by now */
export function resumeListening(fd: number): void {
  check('listen', listen_(fd, BACKLOG));
}

function bindTcp(address: string, port: number): number {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some(p => !Number.isInteger(p) || p < 0 || p > 255))
    throw new SystemError('bind', 22, `not an IPv4 address: ${address}`);
  const fd = check('socket', socket_(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  try {
    // Connections of an earlier life of this socket may linger; that must not keep the port.
    const value = new Int32Array([1]);
    check('setsockopt', setsockopt_(fd, SOL_SOCKET, SO_REUSEADDR, value, 4));
    const sockaddr = new Uint8Array(16);
    new DataView(sockaddr.buffer).setUint16(0, AF_INET, true);
    new DataView(sockaddr.buffer).setUint16(2, port, false);
    sockaddr.set(parts, 4);
    check('bind', bind_(fd, sockaddr, 16), `${address}:${port}`);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
  return fd;
}
