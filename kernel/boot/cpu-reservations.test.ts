import { describe, expect, it } from 'vitest';
import { CpuReservations } from './cpu-reservations.js';

describe('admission of CPU', () => {
  it('refuses more than is left, and more than a virtual CPU can use', () => {
    const cpu = new CpuReservations(1.92);
    cpu.admit(0, 0.9, 1);
    cpu.admit(1, 0.9, 1);
    expect(() => cpu.admit(2, 0.2, 1)).toThrow(expect.objectContaining({ code: 'InsufficientCpu' }));
    expect(() => new CpuReservations(8).admit(0, 1.1, 1)).toThrow(
      expect.objectContaining({ code: 'InsufficientCpu' }),
    );
  });

  it('gives back what a VM had, once', () => {
    const cpu = new CpuReservations(1);
    cpu.admit(4, 0.5, 1);
    cpu.release(4);
    cpu.release(4);
    expect(cpu.free).toBe(1);
  });
});
