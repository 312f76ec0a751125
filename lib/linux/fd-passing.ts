import type { Socket } from 'node:net';
import { addressOf, check, lastErrno, libc, SystemError } from './libc.js';
import { closeFd } from './process.js';

const socket_ = libc.func('int socket(int domain, int type, int protocol)');
const connect_ = libc.func('int connect(int fd, void *address, unsigned int length)');
const sendmsg_ = libc.func('int64_t sendmsg(int fd, void *message, int flags)');
const recvmsg_ = libc.func('int64_t recvmsg(int fd, void *message, int flags)');
const poll_ = libc.func('int poll(void *fds, unsigned long n, int ms)');

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CTRUNC = 8;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const EAGAIN = 11;
const EINVAL = 22;
const EIO = 5;
const POLLIN = 1;
const MAX_PATH_BYTES = 107;
/** struct cmsghdr of a 64-bit Linux: length, level, type. */
const CMSG_BYTES = 16;
/** Room for a second descriptor, by which one too many is noticed. */
const CONTROL_BYTES = CMSG_BYTES + 8;
/** The longest wait on a pool thread. */
const MAX_WAIT_MS = 100;

/** The descriptor behind a socket of Node's, which stays the socket's. */
export function socketFd(socket: Socket): number {
  const { fd } = (socket as unknown as { readonly _handle?: { readonly fd?: unknown } })._handle ?? {};
  if (typeof fd !== 'number' || fd < 0) throw new SystemError('socketFd', EINVAL, 'the socket is closed');
  return fd;
}

/** A connection to a unix socket, made at once or not at all. @throws SystemError ENOENT, ECONNREFUSED, EAGAIN when its queue is full */
export function connectUnix(path: string): number {
  const bytes = Buffer.from(path);
  if (bytes.length > MAX_PATH_BYTES) throw new SystemError('connect', EINVAL, `${path} is too long`);
  const address = new Uint8Array(2 + bytes.length + 1);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(bytes, 2);
  const fd = check('socket', socket_(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  try {
    check('connect', connect_(fd, address, address.length), path);
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Sends one byte and a copy of `passedFd` on a unix socket. Does not wait. @throws SystemError */
export function sendFd(socket: number, byte: number, passedFd: number): void {
  const { message, data, control } = makeMessage();
  data[0] = byte;
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(CMSG_BYTES + 4), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  view.setInt32(16, passedFd, true);
  check('sendmsg', Number(sendmsg_(socket, message, MSG_NOSIGNAL | MSG_DONTWAIT)));
}

export interface ReceivedFd {
  readonly byte: number;
  /** Closed on exec; the caller's now. */
  readonly fd: number;
}

/**
 * What {@link sendFd} sent. Does not wait: undefined when nothing is there yet.
 * @throws SystemError, EIO for anything else than one byte with one descriptor: what came is closed
 */
export function receiveFd(socket: number): ReceivedFd | undefined {
  const { message, data, control } = makeMessage();
  const count = Number(recvmsg_(socket, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
  if (count < 0 && lastErrno() === EAGAIN) return undefined;
  check('recvmsg', count);
  const header = new DataView(message.buffer);
  const fds = descriptorsIn(control, Number(header.getBigUint64(40, true)));
  const isTruncated = (header.getInt32(48, true) & MSG_CTRUNC) !== 0;
  const [fd] = fds;
  if (count === 1 && fd !== undefined && fds.length === 1 && !isTruncated) return { byte: data[0] ?? 0, fd };
  for (const one of fds) closeFd(one);
  throw new SystemError('recvmsg', EIO, `${count} bytes with ${fds.length} descriptors`);
}

/** Whether something can be read, waiting on a pool thread for at most 100 ms. */
export function waitReadable(fd: number, waitMs: number): Promise<boolean> {
  const words = new Int32Array([fd, POLLIN]);
  return new Promise((resolve, reject) => {
    poll_.async(words, 1, Math.min(waitMs, MAX_WAIT_MS), (error: Error | null, found: number) => {
      if (error !== null) reject(error);
      else resolve(found > 0);
    });
  });
}

/** struct msghdr of a 64-bit Linux with room for one byte, one descriptor and proof of a second. */
function makeMessage(): { message: Uint8Array; data: Uint8Array; control: Uint8Array; vector: Uint8Array } {
  const [message, data, control, vector] = [56, 1, CONTROL_BYTES, 16].map(size => new Uint8Array(size)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const entry = new DataView(vector.buffer);
  entry.setBigUint64(0, BigInt(addressOf(data)), true);
  entry.setBigUint64(8, 1n, true);
  const view = new DataView(message.buffer);
  view.setBigUint64(16, BigInt(addressOf(vector)), true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(32, BigInt(addressOf(control)), true);
  view.setBigUint64(40, BigInt(CONTROL_BYTES), true);
  return { message, data, control, vector };
}

function descriptorsIn(control: Uint8Array, lengthBytes: number): number[] {
  const view = new DataView(control.buffer);
  if (lengthBytes < CMSG_BYTES) return [];
  if (view.getInt32(8, true) !== SOL_SOCKET || view.getInt32(12, true) !== SCM_RIGHTS) return [];
  const end = Math.min(Number(view.getBigUint64(0, true)), lengthBytes);
  const fds: number[] = [];
  for (let at = CMSG_BYTES; at + 4 <= end; at += 4) fds.push(view.getInt32(at, true));
  return fds;
}
