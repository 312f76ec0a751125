import { addressOf, check, libc } from './libc.js';
import { closeFd } from './process.js';

const syscall_ = libc.func('syscall', 'long', ['long', 'intptr_t', 'long', 'long']);

const SYS_LANDLOCK_CREATE_RULESET = 444;
const SYS_LANDLOCK_RESTRICT_SELF = 446;
const CREATE_RULESET_VERSION = 1;
const ABI_WITH_SCOPES = 6;
const SCOPE_ABSTRACT_UNIX_SOCKET = 1;

/**
 * Keeps the calling thread and what it execs from connecting to abstract unix sockets of processes outside (they
 * belong to the network namespace, so a mount namespace does not hide them). Linux 6.12 and later.
 * @returns false where Linux cannot
 */
export function scopeAbstractSockets(): boolean {
  const abi = Number(syscall_(SYS_LANDLOCK_CREATE_RULESET, 0, 0, CREATE_RULESET_VERSION));
  if (abi < ABI_WITH_SCOPES) return false;
  // struct landlock_ruleset_attr: handled_access_fs, handled_access_net, scoped
  const attributes = new BigUint64Array([0n, 0n, BigInt(SCOPE_ABSTRACT_UNIX_SOCKET)]);
  const fd = Number(syscall_(SYS_LANDLOCK_CREATE_RULESET, addressOf(attributes), attributes.byteLength, 0));
  check('landlock_create_ruleset', fd);
  try {
    check('landlock_restrict_self', Number(syscall_(SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0)));
  } finally {
    closeFd(fd);
  }
  return true;
}
