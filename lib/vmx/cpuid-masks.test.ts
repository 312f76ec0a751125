import { describe, expect, it } from 'vitest';
import { readCpuidMasks } from './cpuid-masks.js';
import { parseVmx } from './document.js';

const read = (text: string) => readCpuidMasks(parseVmx(text), 'intel');

describe('masks of CPUID', () => {
  it('tell which bits shall be 0 and 1, the most significant first, by leaf and register', () => {
    const masks = read('cpuid.80000001.EDX = "0xxH:T-R-:----:----:----:----:----:--1-"\n');
    expect(masks).toEqual([
      { key: 'cpuid.80000001.EDX', leaf: 0x80000001, register: 3, zeros: 0x80000000, ones: 2 },
    ]);
  });

  it('are those of the processor’s own vendor where a file names vendors', () => {
    const dashes = '-'.repeat(30);
    const text = `cpuid.1.ecx = "00${dashes}"\ncpuid.1.ecx.intel = "1-${dashes}"\ncpuid.1.ecx.amd = "11${dashes}"\n`;
    expect(read(text)).toMatchObject([{ key: 'cpuid.1.ecx.intel', zeros: 0x40000000, ones: 0x80000000 }]);
  });

  it('leave other keys that begin so alone', () => {
    expect(read('cpuid.coresPerSocket = "2"\n')).toEqual([]);
  });

  it.each([
    ['cpuid.1.ecx', '0'],
    ['cpuid.1.ecx', `${'-'.repeat(31)}2`],
    ['cpuid.1.ecx', '-'.repeat(33)],
    ['cpuid.1.ecx', ''],
    ['cpuid.1.exx', '-'.repeat(32)],
    ['cpuid.1.ecx.amd', 'nonsense'],
  ])('are refused with key and line: %s = "%s"', (key, value) => {
    const defect = expect.objectContaining({ reason: 'BadValue', line: 2, key });
    expect(() => read(`guestOS = "other"\n${key} = "${value}"\n`)).toThrow(defect);
  });
});
