import { describe, expect, it } from 'vitest';
import type { DiskDone, DiskPort } from '../../../kernel/vmm/disk-port.js';
import { DiskMedium } from './medium.js';

/** Answers each command in `poll` by what `status` says of its number. */
class ScriptedPort implements DiskPort {
  readonly log: string[] = [];
  readonly #due: (() => void)[] = [];

  constructor(private readonly status: (command: number) => number = () => 0) {}

  submit(cdb: Uint8Array, dataOut: Uint8Array | undefined, dataInBytes: number, done: DiskDone): number {
    const view = new DataView(cdb.buffer);
    const first = dataOut === undefined ? '' : ` ${dataOut[0]}`;
    this.log.push(`${cdb[0]?.toString(16)} ${view.getUint32(2)}+${view.getUint16(7)}${first}`);
    const status = this.status(this.log.length);
    const sense = status === 0 ? undefined : Uint8Array.of(0x70, 0, 3);
    const data = dataInBytes === 0 ? undefined : new Uint8Array(dataInBytes).fill(this.log.length);
    this.#due.push(() => done(status, sense, data, 0));
    return this.log.length;
  }

  abort(): void {
    this.log.push('abort');
  }

  reset(): void {
    this.log.push('reset');
  }

  poll(): number {
    const due = this.#due.splice(0);
    for (const run of due) run();
    return due.length;
  }
}

const pollAll = (medium: DiskMedium) => {
  for (let i = 0; i < 10; i++) medium.poll();
};

describe('DiskMedium', () => {
  it('sends a read of 1 MiB as one CDB and a larger one in pieces, in order', () => {
    const port = new ScriptedPort();
    const medium = new DiskMedium(port, 1 << 30);
    let data: Uint8Array | undefined;
    medium.read(512, 1 << 20, () => undefined);
    pollAll(medium);
    medium.read(0, (2 << 20) + 512, (_failure, bytes) => {
      data = bytes;
    });
    pollAll(medium);
    expect(port.log).toEqual(['28 1+2048', '28 0+2048', '28 2048+2048', '28 4096+1']);
    expect([data?.[0], data?.[1 << 20], data?.[2 << 20], data?.length]).toEqual([2, 3, 4, (2 << 20) + 512]);
  });

  it('takes the data of a write by value', () => {
    const port = new ScriptedPort();
    const medium = new DiskMedium(port, 1 << 30);
    const data = new Uint8Array(512).fill(7);
    medium.read(0, 512, () => undefined);
    medium.write(0, data, () => undefined);
    data.fill(9);
    pollAll(medium);
    expect(port.log).toEqual(['28 0+1', '2a 0+1 7']);
  });

  it('has one request at the port at a time', () => {
    const port = new ScriptedPort();
    const medium = new DiskMedium(port, 1 << 30);
    const order: string[] = [];
    medium.write(0, new Uint8Array(512), () => order.push('write'));
    medium.read(0, 512, () => order.push('read'));
    medium.flush(() => order.push('flush'));
    expect(port.log).toHaveLength(1);
    pollAll(medium);
    expect(order).toEqual(['write', 'read', 'flush']);
    expect(port.log.map(line => line.slice(0, 2))).toEqual(['2a', '28', '35']);
  });

  it('stops at the first piece that fails and goes on with the next request', () => {
    const port = new ScriptedPort(command => (command === 2 ? 2 : 0));
    const medium = new DiskMedium(port, 1 << 30);
    const failures: unknown[] = [];
    medium.write(0, new Uint8Array(3 << 20), failure => failures.push(failure));
    medium.read(0, 512, failure => failures.push(failure));
    pollAll(medium);
    expect(failures).toEqual([{ status: 2, senseKey: 3 }, undefined]);
    expect(port.log.map(line => line.split(' ')[0])).toEqual(['2a', '2a', '28']);
  });
});
