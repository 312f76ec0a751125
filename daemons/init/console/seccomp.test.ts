import { describe, expect, it } from 'vitest';
import { consoleFilter } from './seccomp.js';

const X86_64 = 0xc000003e;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const EPROTONOSUPPORT = 0x0005005d;

/** Runs the program over struct seccomp_data as Linux would (the instructions it uses: ld, jeq, jge, jset, ret). */
function verdict(call: number, args: readonly number[] = [], architecture = X86_64): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call, true);
  data.setUint32(4, architecture, true);
  for (const [i, arg] of args.entries()) data.setBigUint64(16 + 8 * i, BigInt(arg), true);
  const program = consoleFilter();
  const view = new DataView(program.buffer);
  let accumulator = 0;
  for (let at = 0; at < program.length / 8; at++) {
    const code = view.getUint16(at * 8, true);
    const operand = view.getUint32(at * 8 + 4, true);
    const jump = (holds: boolean): number => view.getUint8(at * 8 + (holds ? 2 : 3));
    if (code === 0x20) accumulator = data.getUint32(operand, true);
    else if (code === 0x15) at += jump(accumulator === operand);
    else if (code === 0x35) at += jump(accumulator >= operand);
    else if (code === 0x45) at += jump((accumulator & operand) !== 0);
    else if (code === 0x06) return operand;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error('the program ran off its end');
}

describe('the console’s system call filter', () => {
  it('allows what programs need', () => {
    // read write mmap execve exit futex openat fchmodat2 getrandom capset prctl setuid
    for (const call of [0, 1, 9, 59, 60, 202, 257, 452, 318, 126, 157, 105])
      expect(verdict(call)).toBe(ALLOW);
  });

  it('refuses mounts, modules, clocks, tracing and wider affinity', () => {
    for (const call of [165, 166, 155, 308, 428, 175, 313, 227, 101, 203, 304, 250, 321])
      expect(verdict(call)).toBe(EPERM);
  });

  it('says of io_uring, clone3 and calls it does not know that Linux lacks them', () => {
    for (const call of [425, 435, 457, 500, 0x40000000 + 165]) expect(verdict(call)).toBe(ENOSYS);
  });

  it('lets threads and processes be made, but no namespace', () => {
    expect(verdict(56, [0x3d0f00])).toBe(ALLOW); // pthread_create's flags
    expect(verdict(56, [0x1200011])).toBe(ALLOW); // fork's
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
      expect([verdict(56, [flag | 17]), verdict(272, [flag])]).toEqual([EPERM, EPERM]);
    expect(verdict(272, [0x200])).toBe(ALLOW); // unshare(CLONE_FS)
    expect(verdict(272, [0x80])).toBe(EPERM); // CLONE_NEWTIME
  });

  it('hides the audit protocol and vsock, and nothing else of the sockets', () => {
    expect(verdict(41, [16, 3, 9])).toBe(EPROTONOSUPPORT);
    expect(verdict(41, [40, 1, 0])).toBe(EPROTONOSUPPORT);
    for (const args of [
      [16, 3, 0],
      [2, 1, 9],
      [1, 1, 0],
      [10, 1, 0],
    ])
      expect(verdict(41, args)).toBe(ALLOW);
  });

  it('refuses to type for others', () => {
    expect(verdict(16, [0, 0x5412])).toBe(EPERM);
    expect(verdict(16, [0, 0x541c])).toBe(EPERM);
    expect(verdict(16, [0, 0x5413])).toBe(ALLOW);
  });

  it('lets nobody move the waiters of a word that processes share', () => {
    // FUTEX_REQUEUE, CMP_REQUEUE, WAIT_REQUEUE_PI, CMP_REQUEUE_PI, and futex_requeue(2)
    for (const operation of [3, 4, 11, 12, 267]) expect(verdict(202, [0, operation])).toBe(EPERM);
    expect(verdict(456)).toBe(EPERM);
    // the same within a process, and WAIT, WAKE, WAIT_BITSET
    for (const operation of [131, 132, 0, 1, 9, 128, 129, 137, 265])
      expect(verdict(202, [0, operation])).toBe(ALLOW);
  });

  it('refuses every call of another architecture', () => {
    for (const call of [0, 1, 4, 21]) expect(verdict(call, [], 0x40000003)).toBe(EPERM);
  });
});
