import { describe, expect, it } from 'vitest';
import { vmware } from './command.js';

describe('vmware', () => {
  it('prints the line that scripts take their fourth word from', () => {
    for (const flag of ['-v', '--version'])
      expect(vmware([flag])).toEqual({ out: 'VMware ESX Server 3.5.0 build-153875\n', err: '', status: 0 });
    expect(vmware(['-v']).out.split(' ')[3]).toBe('3.5.0');
  });

  it('refuses what it does not know', () => {
    for (const args of [[], ['-x'], ['-v', '-v'], ['-l']]) {
      expect(vmware(args)).toMatchObject({ out: '', status: 1 });
      expect(vmware(args).err).toContain('usage: vmware -v');
    }
  });
});
