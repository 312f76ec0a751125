import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addressOf, eventfdClear, eventfdCreate, mapFile } from '../../../lib/linux/index.js';
import { DiskHostStatus, DiskRequestFileWriter } from '../../abi/index.js';
import { DiskRing } from '../../vmm/disk-ring.js';
import { createRingFiles, type RingNames } from '../ring-files.js';
import { runJob } from './job.js';
import { LunQueue } from './lun-queue.js';
import { type Job, Mailbox } from './mailbox.js';
import { VmDisks } from './vm-disks.js';

const WORLD = 1030;
const SECTORS = 64;
/** The memory stays with its address: alone, a constant that no function uses is collected. */
const SCRATCH = withAddress(new Uint8Array(4096));

function withAddress(memory: Uint8Array) {
  return { memory, address: addressOf(memory), sizeBytes: memory.length };
}

interface Ended {
  status: number;
  asc: number | undefined;
  data: Buffer | undefined;
  host: number;
}

/** Both ends of a ring in one thread; the test plays the I/O workers, so every interleaving is one it chose. */
describe('both ends of a disk ring', () => {
  let folder = '';
  let ring: DiskRing;
  let names: RingNames;
  let disks: VmDisks;
  let mailboxes: Mailbox[];
  let queue: LunQueue;
  let doorbellFd = -1;
  let fds: number[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ring-'));
    doorbellFd = eventfdCreate(false);
    names = createRingFiles(folder, WORLD, {
      depth: 4,
      requestArenaBytes: 65536,
      completionArenaBytes: 65536,
    });
    mailboxes = [new Mailbox()];
    queue = new LunQueue(mailboxes);
    // One disk over two files, the second with an offset.
    for (const name of ['a', 'b']) writeFileSync(join(folder, name), Buffer.alloc(SECTORS * 512, name));
    fds = ['a', 'b'].map(name => openSync(join(folder, name), 'r+'));
    const [a = -1, b = -1] = fds;
    const half = (SECTORS / 2) * 512;
    const extents = [
      { fd: a, startBytes: 0, lengthBytes: half, fileOffsetBytes: 0 },
      { fd: b, startBytes: half, lengthBytes: half, fileOffsetBytes: 512 },
    ];
    const requestPath = join(folder, names.request);
    const completionPath = join(folder, names.completion);
    const vm = {
      worldId: WORLD,
      vmRow: 0,
      vmGeneration: 1,
      vmmWorldRow: 0,
      doorbellFd,
      requestPath,
      completionPath,
    };
    const disk = { target: 0, lun: 'lun', extents, writeCache: false, uuid: undefined };
    disks = new VmDisks({ ...vm, disks: [disk] }, () => queue);
    ring = new DiskRing({ shmDir: folder, ...names, doorbellFd });
  });
  afterEach(() => {
    if (!disks.closing) disks.close(() => undefined);
    for (const fd of [...fds, doorbellFd]) closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  const cdb10 = (opcode: number, block: number, count: number): Uint8Array =>
    Uint8Array.of(opcode, 0, 0, 0, block >> 8, block & 255, 0, count >> 8, count & 255, 0);

  function submit(cdb: Uint8Array, out: Uint8Array | undefined, inBytes: number, log: Ended[]): number {
    return ring.port(0).submit(cdb, out, inBytes, (status, sense, data, host) => {
      log.push({ status, asc: sense?.[12], data: data === undefined ? undefined : Buffer.from(data), host });
    });
  }
  /** A worker takes its job and does it. @returns whether it had one */
  function work(): boolean {
    const [mailbox] = mailboxes;
    if (mailbox === undefined || new Int32Array(mailbox.memory)[0] !== 1) return false;
    const job: Job = { kind: 0, fd: -1, offsetBytes: 0, lengthBytes: 0, address: 0 };
    mailbox.waitForJob(job);
    let done = 0;
    const result = runJob(job, SCRATCH, bytes => {
      done = bytes;
    });
    mailbox.finish(result, done, 1);
    queue.collect();
    return true;
  }
  function settle(): void {
    do disks.serve(32);
    while (work());
    ring.poll();
  }

  it('carries a write and a read across extents', () => {
    const log: Ended[] = [];
    const data = Buffer.alloc(4 * 512, 'xyz');
    submit(cdb10(0x2a, SECTORS / 2 - 2, 4), data, 0, log);
    submit(cdb10(0x28, SECTORS / 2 - 2, 4), undefined, 2048, log);
    settle();
    expect(log.map(end => [end.status, end.host])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(log[1]?.data?.equals(data)).toBe(true);
    expect(readFileSync(join(folder, 'a')).subarray((SECTORS / 2 - 2) * 512, (SECTORS / 2) * 512)).toEqual(
      data.subarray(0, 1024),
    );
    expect(readFileSync(join(folder, 'b')).subarray(512, 512 + 1024)).toEqual(data.subarray(1024));
    expect(disks.figures).toMatchObject({
      reads: 1,
      writes: 1,
      readBytes: 2048,
      writtenBytes: 2048,
      errors: 0,
    });
  });

  it('rings only a sleeping consumer', () => {
    const log: Ended[] = [];
    submit(cdb10(0, 0, 0), undefined, 0, log);
    expect(eventfdClear(doorbellFd)).toBe(false);
    expect(disks.sleep()).toBe(true); // a request came: it is awake again
    settle();
    expect(disks.sleep()).toBe(false);
    submit(cdb10(0, 0, 0), undefined, 0, log);
    expect(eventfdClear(doorbellFd)).toBe(true);
  });

  it('lets commands beyond depth and arena wait, in order, and ends each once', () => {
    const log: Ended[] = [];
    for (let i = 0; i < 40; i++) submit(cdb10(0x28, i, 16), undefined, 8192, log);
    expect(ring.pending()).toBe(40);
    while (ring.pending() > 0) settle();
    expect(log.length).toBe(40);
    expect(log.every(end => end.status === 0 && end.data?.length === 8192)).toBe(true);
  });

  it('refuses what no slot can carry', () => {
    const log: Ended[] = [];
    expect(() => submit(cdb10(0x28, 0, 1), undefined, (1 << 20) + 1, log)).toThrow('InvalidArgument');
    expect(() => submit(new Uint8Array(17), undefined, 0, log)).toThrow('InvalidArgument');
  });

  it('answers a disk that is not there, and bounds, without touching a file', () => {
    const log: Ended[] = [];
    ring
      .port(9)
      .submit(cdb10(0, 0, 0), undefined, 0, (status, sense, data, host) =>
        log.push({ status, asc: sense?.[12], data: data && Buffer.from(data), host }),
      );
    submit(cdb10(0x28, SECTORS, 1), undefined, 512, log);
    settle();
    expect(log.map(end => [end.status, end.asc, end.host])).toEqual([
      [2, 0x25, DiskHostStatus.noTarget],
      [2, 0x21, DiskHostStatus.done],
    ]);
  });

  it('reports a file that became short as MEDIUM ERROR', () => {
    const log: Ended[] = [];
    truncateSync(join(folder, 'a'), 1024);
    submit(cdb10(0x28, 0, 4), undefined, 2048, log);
    settle();
    expect(log[0]).toMatchObject({ status: 2, asc: 0x11, host: DiskHostStatus.done });
    expect(log[0]?.data?.length).toBe(1024);
    expect(disks.figures.errors).toBe(1);
  });

  it('aborts a command that no worker has begun: it never lands', () => {
    const log: Ended[] = [];
    const controls: number[] = [];
    submit(cdb10(0x2a, 0, 1), Buffer.alloc(512, '1'), 0, log);
    const second = submit(cdb10(0x2a, 1, 1), Buffer.alloc(512, '2'), 0, log);
    disks.serve(32); // the only worker has the first
    ring.port(0).abort(second, host => controls.push(host));
    disks.serve(32);
    ring.poll();
    expect(log.map(end => [end.status, end.host])).toEqual([[0x40, DiskHostStatus.aborted]]);
    expect(controls).toEqual([DiskHostStatus.done]);
    settle();
    expect(log.length).toBe(2);
    expect(readFileSync(join(folder, 'a')).toString('latin1', 0, 1024)).toBe(
      '1'.repeat(512) + 'a'.repeat(512),
    );
  });

  it('acknowledges the abort of a command under way only after that has ended', () => {
    const log: Ended[] = [];
    const controls: number[] = [];
    const handle = submit(cdb10(0x2a, 0, 1), Buffer.alloc(512, '1'), 0, log);
    disks.serve(32);
    ring.port(0).abort(handle, host => controls.push(host));
    disks.serve(32);
    ring.poll();
    expect([log.length, controls.length]).toEqual([0, 0]);
    work();
    ring.poll();
    expect(log.map(end => end.status)).toEqual([0]);
    expect(controls).toEqual([DiskHostStatus.done]);
  });

  it('says that an abort came too late, and aborts what still waits for the ring', () => {
    const log: Ended[] = [];
    const controls: number[] = [];
    const first = submit(cdb10(0x28, 0, 1), undefined, 512, log);
    settle();
    ring.port(0).abort(first, host => controls.push(host));
    settle();
    expect(controls).toEqual([DiskHostStatus.notFound]);
    const handles = [1, 2, 3, 4, 5].map(block => submit(cdb10(0x28, block, 1), undefined, 512, log));
    ring.port(0).abort(handles[4] ?? 0, host => controls.push(host));
    settle();
    expect(log.map(end => end.status).sort()).toEqual([0, 0, 0, 0, 0, 0x40]);
    expect(controls).toEqual([DiskHostStatus.notFound, DiskHostStatus.done]);
  });

  it('ends every command at a reset, and tells the next one', () => {
    const log: Ended[] = [];
    const controls: number[] = [];
    for (let block = 0; block < 6; block++) submit(cdb10(0x2a, block, 1), Buffer.alloc(512, 'r'), 0, log);
    disks.serve(32);
    ring.port(0).reset(host => controls.push(host));
    disks.serve(32);
    ring.poll();
    expect(log.map(end => end.status)).toEqual([0x40, 0x40, 0x40, 0x40, 0x40]);
    expect(controls).toEqual([]);
    settle();
    expect(log[5]?.status).toBe(0);
    expect(controls).toEqual([DiskHostStatus.done]);
    submit(cdb10(0, 0, 0), undefined, 0, log);
    settle();
    expect(log[6]).toMatchObject({ status: 2, asc: 0x29 });
    expect(readFileSync(join(folder, 'a')).toString('latin1', 512, 513)).toBe('a');
  });

  it('drops what is queued when it closes, and waits for what is under way', () => {
    const log: Ended[] = [];
    submit(cdb10(0x2a, 0, 1), Buffer.alloc(512, '1'), 0, log);
    submit(cdb10(0x2a, 1, 1), Buffer.alloc(512, '2'), 0, log);
    disks.serve(32);
    submit(cdb10(0x2a, 2, 1), Buffer.alloc(512, '3'), 0, log);
    let closed = 0;
    disks.close(() => closed++);
    expect(closed).toBe(0);
    expect(disks.serve(32)).toBe(false);
    work();
    expect(closed).toBe(1);
    expect(work()).toBe(false);
    expect(readFileSync(join(folder, 'a')).toString('latin1', 512, 513)).toBe('a');
  });

  describe('against a VMM that writes nonsense', () => {
    let request: DiskRequestFileWriter;
    beforeEach(() => {
      const { memory } = mapFile(join(folder, names.request), DiskRequestFileWriter.SIZE_BYTES, true);
      request = new DiskRequestFileWriter(memory);
    });
    const put = (
      row: number,
      fields: { out?: number; in?: number; offset?: number; operation?: number; tag?: number },
    ) => {
      const slots = request.diskRequestSlot;
      slots.setTag(row, fields.tag ?? row);
      slots.setOperation(row, fields.operation ?? 0);
      slots.setTarget(row, 0);
      slots.setDataOutBytes(row, fields.out ?? 0);
      slots.setDataInBytes(row, fields.in ?? 0);
      slots.setArenaOffset(row, fields.offset ?? 0);
      new Uint8Array(slots.i32.buffer)[slots.cdbOffset(row)] = 0x12;
      request.diskRequestControl.setHead(row + 1);
    };

    it('puts the ring out of service when counters cannot be', () => {
      for (const head of [257, -1, 0x7fffffff]) {
        request.diskRequestControl.setHead(head);
        expect(disks.serve(32)).toBe(false);
        expect(disks.broken).toBe(true);
        expect(() => submit(cdb10(0, 0, 0), undefined, 0, [])).toThrow('Broken');
      }
    });

    it('answers every random slot or refuses the ring, and writes nothing outside the disk', () => {
      let state = 99;
      const random = (limit: number): number => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return (state >>> 8) % limit;
      };
      const odd = (): number =>
        [0, 1, 512, 4096, 65536, -1, 0x7fffffff, -0x80000000, random(1 << 24)][random(9)] ?? 0;
      const slots = request.diskRequestSlot;
      const bytes = new Uint8Array(slots.i32.buffer);
      let head = 0;
      for (let round = 0; round < 20_000; round++) {
        const row = head & 255;
        slots.setTag(row, random(4) === 0 ? odd() : round);
        slots.setOperation(row, random(10) === 0 ? odd() : random(4));
        slots.setTarget(row, random(10) === 0 ? odd() : 0);
        slots.setLun(row, random(10) === 0 ? odd() : 0);
        slots.setOtherTag(row, round - random(5));
        slots.setDataOutBytes(row, random(2) === 0 ? odd() : 0);
        slots.setDataInBytes(row, random(2) === 0 ? odd() : 0);
        slots.setArenaOffset(row, random(3) === 0 ? odd() : 0);
        const at = slots.cdbOffset(row);
        for (let i = 0; i < 16; i++) bytes[at + i] = random(3) === 0 ? random(256) : 0;
        if (random(2) === 0) bytes[at] = [0x28, 0x2a, 0x2f, 0x88, 0x8a][random(5)] ?? 0;
        head = (head + 1) | 0;
        request.diskRequestControl.setHead(head);
        disks.serve(32);
        if (random(3) === 0) while (work());
        request.diskRequestControl.setCompletionTail((head - disks.outstanding) | 0);
        expect(disks.broken).toBe(false);
      }
      while (work());
      expect(disks.outstanding).toBe(0);
      for (const name of ['a', 'b']) expect(readFileSync(join(folder, name)).length).toBe(SECTORS * 512);
      const half = (SECTORS / 2) * 512;
      expect(readFileSync(join(folder, 'a')).subarray(half).equals(Buffer.alloc(half, 'a'))).toBe(true);
    });

    it('answers slots that name bytes outside the arenas, and unknown operations, as bad requests', () => {
      const bad = [
        { in: 4096, offset: 65536 - 4095 },
        { in: -1 },
        { out: 512, offset: -4096 },
        { in: (1 << 20) + 1 },
        { in: 0x7fffffff, offset: 0x7fffffff },
        { in: 1, out: 1 },
        { operation: 77 },
      ];
      for (const [row, fields] of bad.entries()) put(row, fields);
      disks.serve(32);
      expect(disks.posted).toBe(bad.length);
      expect(disks.figures.otherCommands).toBe(0);
      expect(disks.broken).toBe(false);
    });
  });
});
