import { describe, expect, it } from 'vitest';
import { GuestEngine } from './index.js';
import { MiniBios } from './mini-bios.js';
import { TwoRings } from './two-rings.js';

const WARM_SLICES = 60;
const SLICES = 60;

async function machine(bios: Uint8Array): Promise<GuestEngine> {
  const engine = await GuestEngine.create({
    memoryBytes: 4 << 20,
    bios,
    vgaBios: new Uint8Array(512),
    disks: [],
    serialPorts: 1,
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
