import { describe, expect, it } from 'vitest';
import type { DiskDone, DiskPort } from '../../../kernel/vmm/disk-port.js';
import { type EngineOptions, EngineTrap, GuestEngine } from './index.js';
import { MiniBios } from './mini-bios.js';

const MEMORY_BYTES = 4 << 20;

function create(bios: Uint8Array, options: Partial<EngineOptions> = {}): Promise<GuestEngine> {
  return GuestEngine.create({
    memoryBytes: MEMORY_BYTES,
    bios,
    vgaBios: new Uint8Array(512),
    disks: [],
    serialPorts: 1,
    ...options,
  });
}

function run(engine: GuestEngine, until: () => boolean, slices = 3000): void {
  for (let i = 0; i < slices && !until(); i++) {
    engine.feedSerial();
    engine.pollDevices();
    engine.runSlice(true);
  }
  expect(until()).toBe(true);
}

/** Runs until the guest has said `length` bytes. */
function listen(engine: GuestEngine, length: number): Uint8Array {
  const heard: number[] = [];
  run(engine, () => {
    heard.push(...(engine.takeSerial(0) ?? []));
    return heard.length >= length;
  });
  return Uint8Array.from(heard);
}

describe('GuestEngine', () => {
  it('runs a guest in slices and counts its instructions', async () => {
    const engine = await create(new MiniBios().say('up').spin());
    expect(Buffer.from(listen(engine, 2)).toString()).toBe('up');
    const before = engine.instructions;
    expect(engine.runSlice(false)).toBe(0);
    expect(engine.instructions).toBeGreaterThan(before);
    expect(Number.isSafeInteger(engine.instructions)).toBe(true);
  });

  it('ends short slices after one round of 100,003 instructions', async () => {
    let now = 0;
    const seam = { nowMs: () => (now += 0.3), wallMs: () => 0, randomInt: () => 0 };
    const engine = await create(new MiniBios().spin(), { seam });
    for (let i = 0; i < 50; i++) engine.runSlice(true);
    const before = engine.instructions;
    engine.runSlice(true);
    const short = engine.instructions - before;
    engine.runSlice(false);
    const long = engine.instructions - before - short;
    expect(short).toBeLessThan(150_000);
    expect(long).toBeGreaterThan(2 * short);
  });

  it('says how long a halted guest may sleep, and 0 while one runs', async () => {
    const halted = await create(new MiniBios().idle());
    run(halted, () => halted.halted);
    const idleMs = halted.runSlice(false);
    expect(idleMs).toBeGreaterThan(0);
    expect(idleMs).toBeLessThanOrEqual(100);
    const busy = await create(new MiniBios().spin());
    expect(busy.runSlice(false)).toBe(0);
  });

  it('notes a guest that switches its processor off', async () => {
    const engine = await create(new MiniBios().off());
    run(engine, () => engine.halted);
    expect(engine.takeEvents()).toEqual(['cpuDisabled']);
    expect(engine.takeEvents()).toEqual([]);
  });

  it('ends in a typed trap where the engine cannot deliver an exception', async () => {
    // Paging over an empty page directory: the page fault's own delivery faults, for ever.
    const enablePaging = [0x0f, 0x20, 0xc0, 0x66, 0x0d, 0x01, 0x00, 0x00, 0x80, 0x0f, 0x22, 0xc0];
    const engine = await create(new MiniBios().raw(...enablePaging).spin());
    const die = () => {
      for (let i = 0; i < 100; i++) engine.runSlice(true);
    };
    expect(die).toThrow(EngineTrap);
  });

  it('notes a reset by the guest and starts again on a reset from outside', async () => {
    // Port 92h bit 0 is not wired; the keyboard controller's pulse of line 0 is.
    const engine = await create(new MiniBios().say('x').out(0x64, 0xfe).spin());
    expect(Buffer.from(listen(engine, 2)).toString()).toBe('xx');
    expect(engine.takeEvents()).toContain('reset');
    const other = await create(new MiniBios().say('y').spin());
    listen(other, 1);
    other.reset();
    expect(Buffer.from(listen(other, 1)).toString()).toBe('y');
    expect(other.takeEvents()).toEqual([]);
  });

  it('turns S5 of the power management registers into a power-off', async () => {
    // mov dx,B004h; mov ax,2000h (SLP_EN, type 0); out dx,ax
    const engine = await create(new MiniBios().raw(0xba, 0x04, 0xb0, 0xb8, 0x00, 0x20, 0xef).spin());
    engine.runSlice(true);
    expect(engine.takeEvents()).toContain('softOff');
  });

  it('feeds a serial port no faster than the guest drains its FIFO', async () => {
    // l: in al,LSR; test al,1; jz l; in al,COM1; out COM1,al; jmp l, but only after the guest was told to start by 'g'
    const echo = [0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xfb, 0xba, 0xf8, 0x03, 0xec, 0xee, 0xeb, 0xf1];
    const engine = await create(new MiniBios().raw(...echo).image());
    const text = 'The quick brown fox jumps over the lazy dog';
    expect(engine.sendSerial(0, Buffer.from(text))).toBe(text.length);
    engine.feedSerial();
    expect(engine.feedSerial()).toBe(false);
    expect(Buffer.from(listen(engine, text.length)).toString()).toBe(text);
    expect(engine.sendSerial(0, new Uint8Array(5000))).toBe(4096);
  });

  it('gives time to the guest through the seam alone', async () => {
    const seam = {
      nowMs: () => performance.now(),
      wallMs: () => Date.UTC(1999, 11, 31, 23, 59, 58),
      randomInt: () => 7,
    };
    const cmos = (index: number) => new MiniBios().out(0x70, index).tell(0x71);
    const engine = await create(cmos(9).out(0x70, 8).tell(0x71).out(0x70, 0x32).tell(0x71).spin(), { seam });
    expect([...listen(engine, 3)]).toEqual([0x99, 0x12, 0x19]);
  });

  it('tells where the RAM lies before anything has touched it', async () => {
    const bios = new MiniBios().spin();
    const placed: { offsetBytes: number; sizeBytes: number; biosLoaded: boolean }[] = [];
    await create(bios, {
      placeRam: ({ buffer, offsetBytes, sizeBytes }) => {
        const code = new Uint8Array(buffer, offsetBytes + 0xffff0, 5);
        placed.push({
          offsetBytes,
          sizeBytes,
          biosLoaded: code.every((byte, i) => byte === bios[0xfff0 + i]),
        });
      },
    });
    expect(placed).toHaveLength(1);
    expect(placed[0]).toMatchObject({ sizeBytes: MEMORY_BYTES, biosLoaded: false });
    expect((placed[0]?.offsetBytes ?? 1) % 4096).toBe(0);
  });

  it('answers the hot-plug ports so that no slot seems removed', async () => {
    const engine = await create(new MiniBios().tell(0xae00).tell(0xae10).tell(0xaf00).spin());
    expect([...listen(engine, 3)]).toEqual([0, 0, 0]);
  });

  it('gives a guest that polls its keyboard every scancode of a paste, in order', async () => {
    // l: in al,64h; test al,1; jz l; in al,60h; mov dx,COM1; out dx,al; jmp l
    const echo = [0xe4, 0x64, 0xa8, 0x01, 0x74, 0xfa, 0xe4, 0x60, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xf2];
    const engine = await create(new MiniBios().raw(...echo).image());
    const paste = Uint8Array.from({ length: 600 }, (_, i) => 2 + ((i >> 1) % 50) + (i % 2) * 0x80);
    let sent = 0;
    const heard: number[] = [];
    run(engine, () => {
      sent += engine.input.sendKeys(paste.subarray(sent));
      engine.input.feed();
      heard.push(...(engine.takeSerial(0) ?? []));
      return heard.length >= paste.length;
    });
    expect(Uint8Array.from(heard)).toEqual(paste);
    expect(engine.input.takeCount()).toBe(paste.length);
    // Two slices a code, and a guest that polls ports takes ms for a slice.
  }, 60_000);

  it('sees nothing of a guest that draws before somebody looks, and all of it then', async () => {
    // mov ax,B800h; mov es,ax; mov word [es:0],1F41h
    const draw = [0xb8, 0x00, 0xb8, 0x8e, 0xc0, 0x26, 0xc7, 0x06, 0x00, 0x00, 0x41, 0x1f];
    const engine = await create(
      new MiniBios()
        .raw(...draw)
        .say('.')
        .spin(),
    );
    expect(engine.screen.width).toBe(0);
    listen(engine, 1);
    expect(engine.screen.capture().kind).toBe('resized');
    expect(engine.screen.capture().kind).toBe('same');
  });

  it('reads the screen as text', async () => {
    const engine = await create(new MiniBios().spin());
    expect(engine.textScreen()).toMatchObject({ columns: 80, graphics: false });
    expect(engine.textScreen().lines).toHaveLength(25);
  });
});

interface Command {
  readonly cdb: Uint8Array;
  readonly dataOut: Uint8Array | undefined;
  readonly dataInBytes: number;
  readonly done: DiskDone;
}

/** Storage in the test's hand: commands wait until answered. */
class HeldPort implements DiskPort {
  readonly commands: Command[] = [];
  readonly log: string[] = [];
  answer: ((command: Command) => void) | undefined;

  submit(cdb: Uint8Array, dataOut: Uint8Array | undefined, dataInBytes: number, done: DiskDone): number {
    const view = new DataView(cdb.buffer);
    this.log.push(`${cdb[0]?.toString(16)} ${view.getUint32(2)}+${view.getUint16(7)}`);
    this.commands.push({ cdb: cdb.slice(), dataOut: dataOut?.slice(), dataInBytes, done });
    return this.log.length;
  }

  abort(): void {
    this.log.push('abort');
  }

  reset(): void {
    this.log.push('reset');
  }

  poll(): number {
    if (this.answer === undefined) return 0;
    const due = this.commands.splice(0);
    for (const command of due) this.answer(command);
    return due.length;
  }
}

const good = (command: Command, fill = 0x5a) =>
  command.done(
    0,
    undefined,
    command.dataInBytes > 0 ? new Uint8Array(command.dataInBytes).fill(fill) : undefined,
    0,
  );
const checkCondition = (command: Command, key: number) =>
  command.done(2, Uint8Array.of(0x70, 0, key, 0, 0, 0, 0, 10), undefined, 0);

const STATUS = 0x1f7;
const ERROR = 0x1f1;
const IDE_BUSY = 0x80;
const DATA = 0x1f0;

/** Selects LBA `lba` and one sector of the master, then starts `command`. */
const ide = (bios: MiniBios, lba: number, sectors: number, command: number) =>
  bios
    .out(0x1f6, 0xe0)
    .out(0x1f2, sectors)
    .out(0x1f3, lba & 0xff)
    .out(0x1f4, (lba >> 8) & 0xff)
    .out(0x1f5, (lba >> 16) & 0xff)
    .out(STATUS, command);

async function withDisk(bios: Uint8Array, port = new HeldPort()) {
  port.answer = good;
  const engine = await create(bios, { disks: [{ port, sizeBytes: 1 << 20 }] });
  port.log.length = 0;
  return { engine, port };
}

describe('an IDE disk', () => {
  it('reads by READ(10) and hands the data to the guest', async () => {
    const bios = ide(new MiniBios(), 7, 1, 0x20)
      .waitClear(STATUS, IDE_BUSY)
      .tellWords(DATA, 4)
      .tell(STATUS)
      .spin();
    const { engine, port } = await withDisk(bios);
    expect([...listen(engine, 4)].slice(0, 4)).toEqual([0x5a, 0x5a, 0x5a, 0x5a]);
    expect(port.log).toEqual(['28 7+1']);
  });

  it('keeps a written sector busy until storage has completed it', async () => {
    const bios = ide(new MiniBios(), 9, 1, 0x30)
      .waitSet(STATUS, 8)
      .outWords(DATA, 256, 0x4241)
      .tell(STATUS)
      .waitClear(STATUS, IDE_BUSY)
      .tell(STATUS)
      .spin();
    const { engine, port } = await withDisk(bios);
    port.answer = undefined;
    expect((listen(engine, 1)[0] ?? 0) & IDE_BUSY).toBe(IDE_BUSY);
    for (let i = 0; i < 20; i++) engine.runSlice(true);
    expect(engine.takeSerial(0)).toBeUndefined();
    expect(port.log).toEqual(['2a 9+1']);
    expect(port.commands[0]?.dataOut?.subarray(0, 4)).toEqual(Uint8Array.of(0x41, 0x42, 0x41, 0x42));
    port.answer = good;
    expect(listen(engine, 1)[0]).toBe(0x50);
  });

  it.each([
    ['a medium error', 3, 0x40],
    ['an aborted command', 0x0b, 0x04],
    ['a refused write', 7, 0x04],
  ])('tells the guest of %s', async (_title, senseKey, error) => {
    const bios = ide(new MiniBios(), 0, 1, 0x20).waitClear(STATUS, IDE_BUSY).tell(STATUS).tell(ERROR).spin();
    const { engine, port } = await withDisk(bios);
    port.answer = command => checkCondition(command, senseKey);
    const [status, code] = listen(engine, 2);
    expect((status ?? 0) & 0x89).toBe(0x01);
    expect(code).toBe(error);
  });

  it('asks again after a unit attention', async () => {
    const bios = ide(new MiniBios(), 3, 1, 0x20).waitClear(STATUS, IDE_BUSY).tell(STATUS).spin();
    const { engine, port } = await withDisk(bios);
    let first = true;
    port.answer = command => {
      if (first) checkCondition(command, 6);
      else good(command);
      first = false;
    };
    expect((listen(engine, 1)[0] ?? 0) & 0x01).toBe(0);
    expect(port.log).toEqual(['28 3+1', '28 3+1']);
  });

  it('refuses what lies beyond the end without asking storage', async () => {
    const bios = ide(new MiniBios(), 2047, 2, 0x20)
      .waitClear(STATUS, IDE_BUSY)
      .tell(STATUS)
      .tell(ERROR)
      .spin();
    const { engine, port } = await withDisk(bios);
    const [status, code] = listen(engine, 2);
    expect((status ?? 0) & 0x01).toBe(0x01);
    expect(code).toBe(0x14);
    expect(port.log).toEqual([]);
  });

  it('lets a write that was reset end before the next command starts', async () => {
    const bios = ide(new MiniBios(), 9, 1, 0x30)
      .waitSet(STATUS, 8)
      .outWords(DATA, 256, 0x4241)
      .out(0x3f6, 0x04)
      .out(0x3f6, 0x00);
    ide(bios, 11, 1, 0x20).waitClear(STATUS, IDE_BUSY).tell(STATUS).spin();
    const { engine, port } = await withDisk(bios.image());
    port.answer = undefined;
    for (let i = 0; i < 50; i++) engine.runSlice(true);
    expect(port.log).toEqual(['2a 9+1']);
    port.answer = good;
    expect(listen(engine, 1)[0]).toBe(0x58);
    expect(port.log).toEqual(['2a 9+1', '28 11+1']);
  });
});
