import { describe, expect, it } from 'vitest';
import { ENGINE_CPUID } from '../../../kernel/abi/index.js';
import { type EngineOptions, GuestEngine } from './index.js';
import { MiniBios } from './mini-bios.js';
import { TwoRings } from './two-rings.js';

const WARM_SLICES = 60;
const SLICES = 60;

/** What CPUID answers in a guest: EAX, EBX, ECX, EDX, unsigned. */
async function cpuid(leaf: number, masks: EngineOptions['cpuid'] = []): Promise<number[]> {
  // mov eax,leaf; xor ecx,ecx; cpuid; push edx, ecx, ebx, eax; four times: pop eax; four bytes of it to COM1
  const bios = new MiniBios().raw(0x31, 0xc0, 0x8e, 0xd0, 0xbc, 0x00, 0x70, 0x66, 0xb8);
  bios.raw(leaf & 0xff, (leaf >> 8) & 0xff, (leaf >> 16) & 0xff, leaf >>> 24);
  bios.raw(0x66, 0x31, 0xc9, 0x0f, 0xa2, 0x66, 0x52, 0x66, 0x51, 0x66, 0x53, 0x66, 0x50, 0xba, 0xf8, 0x03);
  for (let register = 0; register < 4; register++) {
    bios.raw(0x66, 0x58);
    for (let byte = 0; byte < 4; byte++) bios.raw(0xee, 0x66, 0xc1, 0xe8, 0x08);
  }
  const engine = await machine(bios.spin(), masks);
  const bytes = Buffer.from(engine.takeSerial(0) ?? []);
  return [0, 4, 8, 12].map(at => bytes.readUInt32LE(at));
}

async function machine(bios: Uint8Array, masks: EngineOptions['cpuid'] = []): Promise<GuestEngine> {
  const engine = await GuestEngine.create({
    memoryBytes: 4 << 20,
    bios,
    vgaBios: new Uint8Array(512),
    disks: [],
    serialPorts: 1,
    cpuid: masks,
  });
  // The first rounds are interpreted, where instructions are counted by whole blocks.
  for (let i = 0; i < WARM_SLICES; i++) engine.runSlice(true);
  return engine;
}

describe('what the engine counts of a guest', () => {
  it.each([
    [1000, 10],
    [10, 1000],
    [100, 100],
    [3, 5],
  ])(
    'instructions outside ring 0, of a guest that does %i rounds there and %i in ring 0',
    async (user, kernel) => {
      const guest = new TwoRings(user, kernel);
      const engine = await machine(guest.image());
      const [before, userBefore] = [engine.instructions, engine.execution.userInstructions];
      for (let i = 0; i < SLICES; i++) engine.runSlice(true);
      const all = engine.instructions - before;
      const share = (engine.execution.userInstructions - userBefore) / all;
      expect(all).toBeGreaterThan(1e6);
      expect(Math.abs(share - guest.userShare)).toBeLessThan(0.005);
    },
  );

  it('what instructions of each ring take: a ring whose every third is INT or IRET far more', async () => {
    const [calls, returns] = [
      await machine(new TwoRings(1, 1000).image()),
      await machine(new TwoRings(1000, 1).image()),
    ];
    for (let i = 0; i < 5 * SLICES; i++) for (const engine of [calls, returns]) engine.runSlice(true);
    expect(calls.execution.userNs).toBeGreaterThan(5 * calls.execution.kernelNs);
    expect(returns.execution.kernelNs).toBeGreaterThan(5 * returns.execution.userNs);
  });

  it('nothing outside ring 0 of a guest in real mode', async () => {
    const engine = await machine(new MiniBios().spin());
    expect(engine.execution.userInstructions).toBe(0);
    expect(engine.instructions).toBeGreaterThan(1e6);
  });

  it('interrupts of its timers, as many as the guest takes', async () => {
    // PICs with vectors 8 and 70h on, IRQ 0 open; INT 8 at 0:20h → F000:0100h. The PIT at its slowest, 18.2 Hz.
    const bios = new MiniBios()
      .out(0x20, 0x11)
      .out(0x21, 8)
      .out(0x21, 4)
      .out(0x21, 1)
      .out(0x21, 0xfe)
      .out(0x43, 0x34)
      .out(0x40, 0)
      .out(0x40, 0);
    // xor ax,ax; mov ds,ax; mov word [20h],100h; mov word [22h],0F000h; xor bx,bx; mov ss,ax; mov sp,7000h; sti; l: hlt; jmp l
    bios.raw(0x31, 0xc0, 0x8e, 0xd8, 0xc7, 0x06, 0x20, 0x00, 0x00, 0x01, 0xc7, 0x06, 0x22, 0x00, 0x00, 0xf0);
    const image = bios.raw(0x31, 0xdb, 0x8e, 0xd0, 0xbc, 0x00, 0x70, 0xfb, 0xf4, 0xeb, 0xfd).image();
    // The handler says one byte: mov al,20h; out 20h,al; mov dx,3F8h; out dx,al; iret
    image.set([0xb0, 0x20, 0xe6, 0x20, 0xba, 0xf8, 0x03, 0xee, 0xcf], 0x100);
    let nowMs = 0;
    const engine = await GuestEngine.create({
      memoryBytes: 4 << 20,
      bios: image,
      vgaBios: new Uint8Array(512),
      disks: [],
      serialPorts: 1,
      seam: { nowMs: () => (nowMs += 0.25), wallMs: () => 0, randomInt: () => 0 },
    });
    let heard = 0;
    for (let i = 0; i < 20_000 && heard < 20; i++) {
      engine.runSlice(true);
      heard += engine.takeSerial(0)?.length ?? 0;
    }
    expect(heard).toBe(20);
    expect(engine.execution).toMatchObject({ interrupts: heard, timerInterrupts: heard });
  });
});

describe('CPUID', () => {
  it.each([...ENGINE_CPUID])('answers leaf %i as the VMkernel believes', async (leaf, registers) => {
    expect(await cpuid(leaf)).toEqual(registers.map(value => value >>> 0));
  });

  it('hides what masks take away, of their leaf and register alone', async () => {
    const [eax = 0, ebx = 0, ecx = 0, edx = 0] = ENGINE_CPUID.get(1) ?? [];
    const masks = [
      { key: 'cpuid.1.ecx', leaf: 1, register: 2, zeros: 0x80000001, ones: 0 },
      { key: 'cpuid.1.edx', leaf: 1, register: 3, zeros: 0xffff0000, ones: 0 },
      { key: 'cpuid.7.ebx', leaf: 7, register: 1, zeros: 0xffffffff, ones: 0 },
    ];
    expect(await cpuid(1, masks)).toEqual([eax, ebx, (ecx & 0x7ffffffe) >>> 0, edx & 0xffff]);
    expect((await cpuid(7, masks))[1]).toBe(0);
    expect((await cpuid(0x40000000, masks))[1]).toBe(Buffer.from('VMwa').readUInt32LE(0));
  });
});
