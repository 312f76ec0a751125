import { beforeEach, describe, expect, it } from 'vitest';
import { ScsiDisk, type ScsiOutcome } from './disk.js';

const BLOCKS = 0x12345678;
const UUID = Uint8Array.from(Buffer.from('6000c2909cdd83bafbce1bd2b85a406b', 'hex'));
const VM = 1030;

/** Expectations are those of SPC-2/SPC-3 and SBC-2; byte offsets as in their tables. */
describe('ScsiDisk', () => {
  let disk: ScsiDisk;
  beforeEach(() => {
    disk = new ScsiDisk({ blocks: BLOCKS, writeCache: false, uuid: UUID });
  });

  function run(
    bytes: number[],
    options: { out?: number; in?: number; lun?: number; from?: number } = {},
  ): ScsiOutcome {
    const cdb = new Uint8Array(16);
    cdb.set(bytes);
    const { out = 0, in: into = 1 << 20, lun = 0, from = VM } = options;
    return disk.execute({ initiator: from, lun, cdb, dataOutBytes: out, dataInBytes: out > 0 ? 0 : into });
  }
  function data(bytes: number[], options = {}): Buffer {
    const outcome = run(bytes, options);
    if (outcome.kind !== 'answer' || outcome.status !== 0) throw new Error(JSON.stringify(outcome));
    return Buffer.from(outcome.data ?? []);
  }
  function sense(bytes: number[], options = {}): string {
    const outcome = run(bytes, options);
    if (outcome.kind !== 'answer' || outcome.status !== 2) throw new Error(JSON.stringify(outcome));
    const { key = -1, asc = -1, ascq = -1 } = outcome.sense ?? {};
    return [key, asc, ascq].map(value => value.toString(16)).join('/');
  }

  it('decodes READ of 6, 10, 12 and 16 bytes', () => {
    const read = (block: number, count: number) => ({
      kind: 'read',
      offsetBytes: block * 512,
      lengthBytes: count * 512,
    });
    expect(run([0x08, 0x01, 0x02, 0x03, 5])).toEqual(read(0x010203, 5));
    expect(run([0x08, 0xff, 0, 0, 0])).toEqual(read(0x1f0000, 256)); // 21 bits of LBA, zero means 256
    expect(run([0x28, 0, 0x01, 0x02, 0x03, 0x04, 0, 0x01, 0x02])).toEqual(read(0x01020304, 0x102));
    expect(run([0xa8, 0, 0x01, 0x02, 0x03, 0x04, 0, 0, 0x01, 0x02])).toEqual(read(0x01020304, 0x102));
    expect(run([0x88, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 9])).toEqual(read(0x01020304, 9));
  });

  it('makes every write durable while it claims no write cache, and only FUA writes when it claims one', () => {
    const durable = (cdb: number[]): unknown => {
      const outcome = run(cdb, { out: 512 });
      return outcome.kind === 'write' ? outcome.durable : outcome;
    };
    const plain = [0x2a, 0, 0, 0, 0, 9, 0, 0, 1];
    const forced = [0x2a, 8, 0, 0, 0, 9, 0, 0, 1];
    expect([durable(plain), durable(forced)]).toEqual([true, true]);
    disk = new ScsiDisk({ blocks: BLOCKS, writeCache: true, uuid: UUID });
    expect([durable(plain), durable(forced)]).toEqual([false, true]);
    // WRITE(6) has no FUA bit: these are bits of its LBA.
    expect(durable([0x0a, 8, 0, 0, 1])).toBe(false);
    expect(durable([0xaa, 8, 0, 0, 0, 9, 0, 0, 0, 1])).toBe(true);
    expect(durable([0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1])).toBe(true);
  });

  it('checks bounds: LOGICAL BLOCK ADDRESS OUT OF RANGE', () => {
    const last = [0x12, 0x34, 0x56, 0x77];
    expect(run([0x28, 0, ...last, 0, 0, 1]).kind).toBe('read');
    expect(sense([0x28, 0, ...last, 0, 0, 2])).toBe('5/21/0');
    expect(sense([0x2a, 0, ...last, 0, 0, 2], { out: 1024 })).toBe('5/21/0');
    expect(sense([0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1])).toBe('5/21/0');
    expect(sense([0x2f, 0, ...last, 0, 0, 2])).toBe('5/21/0');
    expect(sense([0x35, 0, ...last, 0, 0, 2])).toBe('5/21/0');
    expect(run([0x35]).kind).toBe('flush');
    expect(run([0x91]).kind).toBe('flush');
  });

  it('transfers nothing for zero blocks, and refuses a buffer that is too short', () => {
    expect(run([0x28, 0, 0, 0, 0, 0, 0, 0, 0])).toEqual({ kind: 'answer', status: 0 });
    expect(run([0x2a, 0, 0, 0, 0, 0, 0, 0, 0])).toEqual({ kind: 'answer', status: 0 });
    expect(sense([0x28, 0, 0, 0, 0, 0, 0, 0, 2], { in: 1023 })).toBe('b/4b/0');
    expect(sense([0x2a, 0, 0, 0, 0, 0, 0, 0, 2], { out: 512 })).toBe('b/4b/0');
  });

  it('verifies without comparing', () => {
    expect(run([0x2f, 0, 0, 0, 0, 1, 0, 0, 2])).toEqual({
      kind: 'verify',
      offsetBytes: 512,
      lengthBytes: 1024,
    });
    expect(run([0x8f, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]).kind).toBe('verify');
    expect(sense([0x2f, 2, 0, 0, 0, 1, 0, 0, 2])).toBe('5/24/0');
  });

  it('answers INQUIRY', () => {
    const inquiry = data([0x12, 0, 0, 0, 96]);
    expect(inquiry.length).toBe(36);
    expect([inquiry[0], inquiry[1], inquiry[2], inquiry[4]]).toEqual([0, 0, 2, 31]);
    expect(inquiry.toString('latin1', 8, 36)).toBe('VMware  Virtual disk    1.0 ');
    expect(data([0x12, 0, 0, 0, 5]).length).toBe(5);
    expect(data([0x12, 0, 0, 0, 96], { lun: 1 })[0]).toBe(0x7f);
    expect(sense([0x12, 0, 0x80, 0, 96])).toBe('5/24/0');
  });

  it('answers vital product data with the identity of its descriptor', () => {
    expect([...data([0x12, 1, 0, 0, 255])]).toEqual([0, 0, 0, 3, 0, 0x80, 0x83]);
    expect(data([0x12, 1, 0x80, 0, 255]).toString('latin1', 4)).toBe('6000c2909cdd83bafbce1bd2b85a406b');
    const identification = data([0x12, 1, 0x83, 0, 255]);
    // Binary, NAA, sixteen bytes; NAA 6 = IEEE registered extended.
    expect([...identification.subarray(0, 8)]).toEqual([0, 0x83, 0, 20, 1, 3, 0, 16]);
    expect(identification.subarray(8).equals(UUID)).toBe(true);
    expect(sense([0x12, 1, 0xb0, 0, 255])).toBe('5/24/0');
    disk = new ScsiDisk({ blocks: 1, writeCache: false, uuid: undefined });
    expect([...data([0x12, 1, 0, 0, 255])]).toEqual([0, 0, 0, 1, 0]);
    expect(sense([0x12, 1, 0x83, 0, 255])).toBe('5/24/0');
  });

  it('answers READ CAPACITY', () => {
    expect(data([0x25]).toString('hex')).toBe('1234567700000200');
    expect(sense([0x25, 0, 0, 0, 0, 1])).toBe('5/24/0');
    expect(data([0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32]).toString('hex')).toBe(
      `000000001234567700000200${'00'.repeat(20)}`,
    );
    expect(sense([0x9e, 0x11])).toBe('5/24/0');
    disk = new ScsiDisk({ blocks: 2 ** 33 + 1, writeCache: false, uuid: undefined });
    expect(data([0x25]).toString('hex')).toBe('ffffffff00000200');
    expect(data([0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12]).toString('hex')).toBe(
      '000000020000000000000200',
    );
  });

  it('tells the truth about its write cache in the caching page', () => {
    const wce = (bytes: Buffer): number => (bytes[4 + 8 + 2] ?? 0) & 4;
    const sixBytes = data([0x1a, 0, 0x08, 0, 255]);
    expect([sixBytes[0], sixBytes[2], sixBytes[3], sixBytes[12], sixBytes[13]]).toEqual([
      31, 0x10, 8, 0x08, 18,
    ]);
    expect(sixBytes.length).toBe(32);
    expect(wce(sixBytes)).toBe(0);
    disk = new ScsiDisk({ blocks: BLOCKS, writeCache: true, uuid: UUID });
    expect(wce(data([0x1a, 0, 0x08, 0, 255]))).toBe(4);
    expect(wce(data([0x1a, 0, 0x48, 0, 255]))).toBe(0); // changeable: nothing
    expect(sense([0x1a, 0, 0xc8, 0, 255])).toBe('5/39/0'); // saved
    expect(sense([0x1a, 0, 0x02, 0, 255])).toBe('5/24/0');
    const all = data([0x5a, 8, 0x3f, 0, 0, 0, 0, 1, 0]); // MODE SENSE(10), DBD
    expect(all.readUInt16BE(0)).toBe(all.length - 2);
    expect([all[7], all[8], all[28]]).toEqual([0, 0x08, 0x0a]);
    expect(data([0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 4]).length).toBe(4);
  });

  it('answers REPORT LUNS, TEST UNIT READY and REQUEST SENSE', () => {
    expect(data([0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16]).toString('hex')).toBe('00000008000000000000000000000000');
    expect(run([0x00])).toEqual({ kind: 'answer', status: 0 });
    const nothing = data([0x03, 0, 0, 0, 252]);
    expect([nothing.length, nothing[0], nothing[2], nothing[7], nothing[12]]).toEqual([18, 0x70, 0, 10, 0]);
    expect(data([0x03, 0, 0, 0, 252], { lun: 3 })[12]).toBe(0x25);
    expect(sense([0x00], { lun: 3 })).toBe('5/25/0');
  });

  it('refuses what it does not know: INVALID COMMAND OPERATION CODE', () => {
    const known = [0, 3, 8, 0xa, 0x12, 0x16, 0x17, 0x1a, 0x25, 0x28, 0x2a, 0x2f, 0x35, 0x5a];
    const long = [0x88, 0x8a, 0x8f, 0x91, 0x9e, 0xa0, 0xa8, 0xaa];
    for (let opcode = 0; opcode < 256; opcode++)
      if (![...known, ...long].includes(opcode)) expect(sense([opcode])).toBe('5/20/0');
  });

  it('holds a reservation against others until it is released or the target is reset', () => {
    const other = { from: 2000 };
    const conflict = { kind: 'answer', status: 0x18 };
    expect(run([0x16])).toEqual({ kind: 'answer', status: 0 });
    expect(run([0x28, 0, 0, 0, 0, 0, 0, 0, 1], other)).toEqual(conflict);
    expect(run([0x00], other)).toEqual(conflict);
    expect(run([0x16], other)).toEqual(conflict);
    expect(run([0x28, 0, 0, 0, 0, 0, 0, 0, 1]).kind).toBe('read');
    expect(data([0x12, 0, 0, 0, 36], other).length).toBe(36);
    expect(run([0x17], other)).toEqual({ kind: 'answer', status: 0 }); // releases nothing
    expect(run([0x00], other)).toEqual(conflict);
    run([0x17]);
    expect(run([0x00], other)).toEqual({ kind: 'answer', status: 0 });
    run([0x16]);
    disk.reset([VM], false);
    expect(run([0x00], other)).toEqual({ kind: 'answer', status: 0 });
    expect(sense([0x16, 1])).toBe('6/29/3');
    expect(sense([0x16, 1])).toBe('5/24/0'); // extents
  });

  it('tells each initiator once of a reset', () => {
    disk.reset([VM, 2000], true);
    expect(data([0x12, 0, 0, 0, 36]).length).toBe(36); // INQUIRY leaves it pending
    expect(sense([0x00])).toBe('6/29/2');
    expect(run([0x00])).toEqual({ kind: 'answer', status: 0 });
    expect(data([0x03, 0, 0, 0, 18], { from: 2000 })[12]).toBe(0x29); // REQUEST SENSE takes it
    expect(run([0x00], { from: 2000 })).toEqual({ kind: 'answer', status: 0 });
  });
});
