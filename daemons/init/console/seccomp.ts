/**
 * The system calls that no process of the service console gets, as a classic BPF program (seccomp(2)).
 * Capabilities refuse most of them already; this refuses those that ask for none (user namespaces, keyrings that
 * belong to the machine's root, io_uring, wider CPU affinity) and is a second wall before the rest.
 */
const AUDIT_ARCH_X86_64 = 0xc000003e;
const X32_BIT = 0x40000000;
/** Calls newer than what this list was written against are unknown to it, so they do not exist in the console. */
const LAST_KNOWN_CALL = 456;

const EPERM = 1;
const ENOSYS = 38;
const EPROTONOSUPPORT = 93;

/** x86-64 numbers; each is refused with EPERM. */
const REFUSED = {
  sched_setaffinity: 203, // the console is a world of PCPU 0
  ptrace: 101,
  process_vm_readv: 310,
  process_vm_writev: 311,
  mount: 165,
  umount2: 166,
  pivot_root: 155,
  setns: 308,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  mount_setattr: 442,
  swapon: 167,
  swapoff: 168,
  reboot: 169,
  kexec_load: 246,
  kexec_file_load: 320,
  init_module: 175,
  finit_module: 313,
  delete_module: 176,
  iopl: 172,
  ioperm: 173,
  acct: 163,
  quotactl: 179,
  quotactl_fd: 443,
  settimeofday: 164,
  clock_settime: 227,
  adjtimex: 159,
  clock_adjtime: 305,
  syslog: 103,
  open_by_handle_at: 304,
  add_key: 248,
  request_key: 249,
  keyctl: 250,
  bpf: 321,
  perf_event_open: 298,
  userfaultfd: 323,
  pidfd_getfd: 438,
  kcmp: 312,
  fanotify_init: 300,
  futex_requeue: 456,
} as const;

/** Refused as if Linux did not have them: their callers know what to do then. */
const ABSENT = { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427, clone3: 435 } as const;

const SYS_CLONE = 56;
const SYS_UNSHARE = 272;
const SYS_SOCKET = 41;
const SYS_IOCTL = 16;
const SYS_FUTEX = 202;
const CLONE_NEW_ANY = 0x7e020080; // every CLONE_NEW* flag, CLONE_NEWTIME among them
const CLONE_NEW_OF_CLONE = 0x7e020000; // in clone(2) the low byte is the exit signal
const AF_NETLINK = 16;
const NETLINK_AUDIT = 9;
const AF_VSOCK = 40;
/**
 * Operations that move the waiters of one word to another, without FUTEX_PRIVATE_FLAG: on a mapping that is read-only
 * too. A virtual CPU that waits for its grant would wait somewhere else. Programs of today do not use them.
 */
const SHARED_REQUEUES = [3, 4, 11, 12, 11 | 256] as const;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const JUMP_SET = 0x45;
const RETURN = 0x06;
const RETURN_ALLOW = 0x7fff0000;
const RETURN_ERRNO = 0x00050000;
const OFFSET_NUMBER = 0;
const OFFSET_ARCHITECTURE = 4;
const offsetOfArgument = (index: number): number => 16 + 8 * index;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

const refuse = (errno: number): Instruction => [RETURN, 0, 0, RETURN_ERRNO | errno];
const ALLOW: Instruction = [RETURN, 0, 0, RETURN_ALLOW];

/** If the word at `offset` satisfies `test`, return `verdict`; else go on. */
function rule(offset: number, test: number, operand: number, verdict: Instruction): Instruction[] {
  return [[LOAD, 0, 0, offset], [test, 0, 1, operand], verdict];
}

/** Runs `body` (which must return) for system call `call`; expects and leaves its number in the accumulator. */
function forCall(call: number, body: readonly Instruction[]): Instruction[] {
  return [[JUMP_EQUAL, 0, body.length, call], ...body];
}

export function consoleFilter(): Uint8Array {
  const program: Instruction[] = [
    [LOAD, 0, 0, OFFSET_ARCHITECTURE],
    [JUMP_EQUAL, 1, 0, AUDIT_ARCH_X86_64],
    refuse(EPERM),
    [LOAD, 0, 0, OFFSET_NUMBER],
    [JUMP_GREATER_EQUAL, 0, 1, X32_BIT],
    refuse(ENOSYS),
    [JUMP_GREATER_EQUAL, 0, 1, LAST_KNOWN_CALL + 1],
    refuse(ENOSYS),
  ];
  for (const call of Object.values(REFUSED)) program.push(...forCall(call, [refuse(EPERM)]));
  for (const call of Object.values(ABSENT)) program.push(...forCall(call, [refuse(ENOSYS)]));
  program.push(
    ...forCall(SYS_CLONE, [...rule(offsetOfArgument(0), JUMP_SET, CLONE_NEW_OF_CLONE, refuse(EPERM)), ALLOW]),
    ...forCall(SYS_UNSHARE, [...rule(offsetOfArgument(0), JUMP_SET, CLONE_NEW_ANY, refuse(EPERM)), ALLOW]),
    ...forCall(SYS_IOCTL, [
      ...rule(offsetOfArgument(1), JUMP_EQUAL, TIOCSTI, refuse(EPERM)),
      ...rule(offsetOfArgument(1), JUMP_EQUAL, TIOCLINUX, refuse(EPERM)),
      ALLOW,
    ]),
    ...forCall(SYS_FUTEX, [
      ...SHARED_REQUEUES.flatMap(operation =>
        rule(offsetOfArgument(1), JUMP_EQUAL, operation, refuse(EPERM)),
      ),
      ALLOW,
    ]),
    // The machine's audit trail is not the console's: PAM and shadow-utils go on when the protocol does not exist.
    ...forCall(SYS_SOCKET, [
      ...rule(offsetOfArgument(0), JUMP_EQUAL, AF_VSOCK, refuse(EPROTONOSUPPORT)),
      [LOAD, 0, 0, offsetOfArgument(0)],
      [JUMP_EQUAL, 0, 3, AF_NETLINK],
      [LOAD, 0, 0, offsetOfArgument(2)],
      [JUMP_EQUAL, 0, 1, NETLINK_AUDIT],
      refuse(EPROTONOSUPPORT),
      ALLOW,
    ]),
    ALLOW,
  );
  return assemble(program);
}

/** struct sock_filter: u16 code, u8 jt, u8 jf, u32 k. */
function assemble(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, ifTrue, ifFalse, operand], i) => {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, ifTrue);
    view.setUint8(i * 8 + 3, ifFalse);
    view.setUint32(i * 8 + 4, operand, true);
  });
  return bytes;
}
