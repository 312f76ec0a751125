/** One leaf of CPUID with its registers as the API writes them: bits 31 to 0 in groups of four. */
export interface CpuIdLeaf {
  readonly level: number;
  readonly eax: string;
  readonly ebx: string;
  readonly ecx: string;
  readonly edx: string;
}

/** Linux's names of feature bits by register, bit 0 first; "" where Linux shows none. */
const leaf1Edx =
  'fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe';
const leaf1Ecx =
  'pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm - pcid dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave - avx f16c rdrand hypervisor';
const extendedEdx =
  'fpu vme de pse tsc msr pae mce cx8 apic - syscall mtrr pge mca cmov pat pse36 - mp nx - mmxext mmx fxsr fxsr_opt pdpe1gb rdtscp - lm 3dnowext 3dnow';
const extendedEcx =
  'lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt - lwp fma4 tce - nodeid_msr - tbm topoext perfctr_core perfctr_nb - bpext ptsc perfctr_llc mwaitx - -';

/** CPUID leaves 0, 1, 80000000h and 80000001h put together from a block of /proc/cpuinfo. */
export function cpuIdLeaves(cpu: ReadonlyMap<string, string>): CpuIdLeaf[] {
  const flags = new Set((cpu.get('flags') ?? '').split(' '));
  const vendor = Buffer.from((cpu.get('vendor_id') ?? '').padEnd(12, '\0').slice(0, 12), 'latin1');
  const ids = { ebx: vendor.readUInt32LE(0), edx: vendor.readUInt32LE(4), ecx: vendor.readUInt32LE(8) };
  const maxLevel = Number(cpu.get('cpuid level') ?? 1);
  const signature = cpuSignature(cpu);
  const leaf1 = { eax: signature, ebx: 0, ecx: bits(leaf1Ecx, flags), edx: bits(leaf1Edx, flags) };
  const extended = { eax: signature, ebx: 0, ecx: bits(extendedEcx, flags), edx: bits(extendedEdx, flags) };
  return [
    leaf(0, { eax: maxLevel, ...ids }),
    leaf(1, leaf1),
    leaf(0x8000_0000 | 0, { eax: 0x8000_0001, ...ids }),
    leaf(0x8000_0001 | 0, extended),
  ];
}

/** Family, model and stepping as leaf 1 has them in EAX. */
function cpuSignature(cpu: ReadonlyMap<string, string>): number {
  const family = Number(cpu.get('cpu family') ?? 0);
  const model = Number(cpu.get('model') ?? 0);
  const stepping = Number(cpu.get('stepping') ?? 0);
  const base = Math.min(family, 15);
  return ((family - base) << 20) | ((model >> 4) << 16) | (base << 8) | ((model & 15) << 4) | stepping;
}

function bits(names: string, flags: ReadonlySet<string>): number {
  return names.split(' ').reduce((value, name, bit) => (flags.has(name) ? value + 2 ** bit : value), 0);
}

type Registers = Readonly<Record<'eax' | 'ebx' | 'ecx' | 'edx', number>>;

function leaf(level: number, registers: Registers): CpuIdLeaf {
  const { eax, ebx, ecx, edx } = registers;
  return { level, eax: bitText(eax), ebx: bitText(ebx), ecx: bitText(ecx), edx: bitText(edx) };
}

function bitText(value: number): string {
  const digits = (value >>> 0).toString(2).padStart(32, '0');
  return digits.match(/.{4}/g)?.join(':') ?? '';
}
