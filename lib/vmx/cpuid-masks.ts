import type { VmxDocument } from './document.js';

/** EAX, EBX, ECX, EDX: index into what CPUID answers. */
export const CPUID_REGISTERS = ['eax', 'ebx', 'ecx', 'edx'] as const;

/** What a .vmx makes of one register that CPUID answers. */
export interface CpuidMask {
  readonly key: string;
  readonly leaf: number;
  /** Index into CPUID_REGISTERS. */
  readonly register: number;
  /** Bits that shall be 0, unsigned. */
  readonly zeros: number;
  /** Bits that shall be 1, unsigned. */
  readonly ones: number;
}

const KEY = /^cpuid\.([0-9a-f]{1,8})\.([a-z]+)(?:\.(intel|amd))?$/;
const BITS = 32;
/** Most significant bit first: 0 and 1 shall be so, the others leave the bit as it is; colons may stand between. */
const MASK = /^[01xXHhTtRrFf-]{32}$/;

/**
 * `cpuid.1.ecx = "----:----:0---:…"`, for processors of any vendor or, with `.intel` or `.amd` behind it, of one.
 * @param vendor of the processor that is masked; what is said of it overrules what is said of all
 * @throws VmxError BadValue with the key
 */
export function readCpuidMasks(document: VmxDocument, vendor: 'intel' | 'amd'): CpuidMask[] {
  const found = new Map<string, CpuidMask>();
  const keys = document.keys().map(key => ({ key, match: KEY.exec(key.toLowerCase()) }));
  for (const wanted of [undefined, vendor])
    for (const { key, match } of keys) {
      if (match === null) continue;
      const mask = readMask(document, key, match);
      if (match[3] !== wanted) continue;
      const place = `${mask.leaf}.${mask.register}`;
      found.set(place, overruled(found.get(place), mask));
    }
  return [...found.values()];
}

function readMask(document: VmxDocument, key: string, match: RegExpExecArray): CpuidMask {
  const register = CPUID_REGISTERS.findIndex(name => name === match[2]);
  const bits = (document.get(key) ?? '').replaceAll(':', '');
  if (register < 0 || !MASK.test(bits)) throw document.badValue(key);
  const where = (char: string): number =>
    [...bits].reduce((sum, bit, i) => (bit === char ? sum + 2 ** (BITS - 1 - i) : sum), 0);
  return {
    key,
    leaf: Number.parseInt(match[1] ?? '', 16),
    register,
    zeros: where('0'),
    ones: where('1'),
  };
}

function overruled(general: CpuidMask | undefined, mask: CpuidMask): CpuidMask {
  if (general === undefined) return mask;
  return {
    ...mask,
    zeros: ((general.zeros & ~mask.ones) | mask.zeros) >>> 0,
    ones: ((general.ones & ~mask.zeros) | mask.ones) >>> 0,
  };
}
