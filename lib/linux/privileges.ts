import { addressOf, check, lastErrno, libc } from './libc.js';

const prctl_ = libc.func('prctl', 'int', ['int', 'ulong', 'ulong', 'ulong', 'ulong']);
const prctlPointer_ = libc.func('prctl', 'int', ['int', 'ulong', 'void *', 'ulong', 'ulong']);
const capset_ = libc.func('int capset(void *header, void *data)');

const PR_SET_DUMPABLE = 4;
const PR_SET_SECCOMP = 22;
const PR_CAPBSET_DROP = 24;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const SECCOMP_MODE_FILTER = 2;
const CAPABILITY_VERSION_3 = 0x20080522;
const EINVAL = 22;

/** Linux's capability numbers, by the name of capabilities(7) without CAP_. */
export const CAPABILITY = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  FOWNER: 3,
  FSETID: 4,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  SYS_CHROOT: 18,
  AUDIT_WRITE: 29,
} as const;

/** A process that is not dumpable opens its /proc entries and ptrace to nobody without CAP_SYS_PTRACE; exec resets it. */
export function setDumpable(dumpable: boolean): void {
  check('prctl(PR_SET_DUMPABLE)', prctl_(PR_SET_DUMPABLE, dumpable ? 1 : 0, 0, 0, 0));
}

/** Orphans below this process become its children instead of the machine's pid 1's. */
export function setChildSubreaper(): void {
  check('prctl(PR_SET_CHILD_SUBREAPER)', prctl_(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
}

/** Leaves the calling thread and what it execs `keep` of the capabilities, for good: no exec brings one back. */
export function limitCapabilities(keep: readonly number[]): void {
  for (let capability = 0; capability < 64; capability++) {
    if (keep.includes(capability)) continue;
    if (prctl_(PR_CAPBSET_DROP, capability, 0, 0, 0) === 0) continue;
    if (lastErrno() === EINVAL) break; // past this Linux's last capability
    check('prctl(PR_CAPBSET_DROP)', -1, String(capability));
  }
  prctl_(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  const words = [0, 0];
  for (const capability of keep)
    words[capability >>> 5] = (words[capability >>> 5] ?? 0) | (1 << (capability & 31));
  const [low = 0, high = 0] = words;
  // struct __user_cap_data_struct[2]: effective, permitted, inheritable of bits 0-31, then of 32-63
  const data = new Int32Array([low, low, 0, high, high, 0]);
  check('capset', capset_(new Uint32Array([CAPABILITY_VERSION_3, 0]), data));
}

/** Puts a classic BPF program (8 bytes an instruction) before every system call of the thread and its children. */
export function installSeccompFilter(program: Uint8Array): void {
  // struct sock_fprog: instruction count, padding, address
  const header = new BigUint64Array([BigInt(program.length / 8), BigInt(addressOf(program))]);
  check('prctl(PR_SET_SECCOMP)', prctlPointer_(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0));
}
