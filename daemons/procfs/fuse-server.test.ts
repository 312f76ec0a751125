import { describe, expect, it } from 'vitest';
import { FuseServer } from './fuse-server.js';
import { fileOf, folderOf, WriteRefused } from './tree.js';

/** Requests as Linux lays them out, include/uapi/linux/fuse.h. */
const OP = { lookup: 1, setattr: 4, mkdir: 9, open: 14, read: 15, write: 16, release: 18 } as const;
const [EPERM, EIO, EAGAIN, EACCES, EINVAL, EROFS] = [1, 5, 11, 13, 22, 30];

function request(operation: number, nodeId: bigint, body: Buffer, uid = 0): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(40 + body.length, 0);
  header.writeUInt32LE(operation, 4);
  header.writeBigUInt64LE(7n, 8);
  header.writeBigUInt64LE(nodeId, 16);
  header.writeUInt32LE(uid, 24);
  return Buffer.concat([header, body]);
}

const ints = (...words: number[]): Buffer => Buffer.from(Uint32Array.from(words).buffer);

function writing(handle: bigint, text: string, offset = 0n): Buffer {
  const body = Buffer.alloc(40);
  body.writeBigUInt64LE(handle, 0);
  body.writeBigUInt64LE(offset, 8);
  body.writeUInt32LE(Buffer.byteLength(text), 16);
  return Buffer.concat([body, Buffer.from(text)]);
}

class Client {
  readonly server: FuseServer;
  readonly written: string[] = [];
  answer: Promise<void> = Promise.resolve();

  constructor() {
    this.server = new FuseServer(
      folderOf({
        fixed: fileOf(() => 'fixed\n'),
        value: fileOf(
          () => 'old\n',
          text => {
            this.written.push(text);
            return this.answer;
          },
        ),
      }),
    );
  }

  async ask(...args: Parameters<typeof request>): Promise<{ error: number; body: Buffer }> {
    const reply = await this.server.handle(request(...args));
    if (reply === undefined) throw new Error('no answer');
    expect(reply.readUInt32LE(0)).toBe(reply.length);
    expect(reply.readBigUInt64LE(8)).toBe(7n);
    return { error: 0 - reply.readInt32LE(4), body: reply.subarray(16) };
  }

  async node(name: string): Promise<{ id: bigint; mode: number }> {
    const { body } = await this.ask(OP.lookup, 1n, Buffer.from(`${name}\0`));
    return { id: body.readBigUInt64LE(0), mode: body.readUInt32LE(40 + 60) };
  }

  async open(name: string, flags: number, uid = 0): Promise<{ error: number; handle: bigint }> {
    const { id } = await this.node(name);
    const { error, body } = await this.ask(OP.open, id, ints(flags, 0), uid);
    return { error, handle: error === 0 ? body.readBigUInt64LE(0) : 0n };
  }
}

const O_WRONLY = 1;

describe('FuseServer', () => {
  it('shows which files may be written', async () => {
    const client = new Client();
    expect((await client.node('fixed')).mode).toBe(0o100444);
    expect((await client.node('value')).mode).toBe(0o100644);
  });

  it('answers a write when its value holds, with the bytes taken', async () => {
    const client = new Client();
    let done = (): void => undefined;
    client.answer = new Promise(resolve => {
      done = resolve;
    });
    const { id } = await client.node('value');
    expect((await client.ask(OP.setattr, id, ints(8 | 32, ...Array(21).fill(0)))).error).toBe(0);
    const { handle } = await client.open('value', O_WRONLY);
    let answered = false;
    const write = client.ask(OP.write, id, writing(handle, 'new\n')).then(reply => {
      answered = true;
      return reply;
    });
    expect((await client.ask(OP.lookup, 1n, Buffer.from('fixed\0'))).error).toBe(0);
    expect(answered).toBe(false);
    done();
    const { error, body } = await write;
    expect([error, body.readUInt32LE(0)]).toEqual([0, 4]);
    expect(client.written).toEqual(['new\n']);
  });

  it('answers with the errno of a refusal, and EIO for whatever else fails', async () => {
    const client = new Client();
    const { handle } = await client.open('value', O_WRONLY);
    client.answer = Promise.reject(new WriteRefused(16, 'full'));
    expect((await client.ask(OP.write, 2n, writing(handle, 'x'))).error).toBe(16);
    client.answer = Promise.reject(new Error('bug'));
    expect((await client.ask(OP.write, 2n, writing(handle, 'x'))).error).toBe(EIO);
  });

  it('lets root alone write, and only what may be written', async () => {
    const client = new Client();
    expect((await client.open('value', O_WRONLY, 1000)).error).toBe(EACCES);
    expect((await client.open('value', 2, 1000)).error).toBe(EACCES);
    expect((await client.open('fixed', O_WRONLY)).error).toBe(EACCES);
    expect((await client.open('value', 0, 1000)).error).toBe(0);
    const { handle } = await client.open('value', 0);
    expect((await client.ask(OP.write, 2n, writing(handle, 'x'))).error).toBe(EACCES);
    const { id } = await client.node('value');
    expect((await client.ask(OP.setattr, id, ints(1, ...Array(21).fill(0)))).error).toBe(EPERM);
    expect((await client.ask(OP.mkdir, 1n, Buffer.from('new\0'))).error).toBe(EROFS);
    expect(client.written).toEqual([]);
  });

  it('refuses what is no whole value, and more writes than it has room for', async () => {
    const client = new Client();
    const { handle } = await client.open('value', O_WRONLY);
    const ask = (body: Buffer) => client.ask(OP.write, 2n, body).then(({ error }) => error);
    expect(await ask(writing(handle, 'x', 1n))).toBe(EINVAL);
    expect(await ask(writing(handle, 'x'.repeat(4097)))).toBe(EINVAL);
    expect(await ask(writing(handle, 'x').subarray(0, 12))).toBe(EINVAL);
    let done = (): void => undefined;
    client.answer = new Promise(resolve => {
      done = resolve;
    });
    const waiting = Array.from({ length: 16 }, () => ask(writing(handle, 'x')));
    expect(await ask(writing(handle, 'x'))).toBe(EAGAIN);
    done();
    expect(await Promise.all(waiting)).toEqual(Array(16).fill(0));
    expect(await ask(writing(handle, 'x'))).toBe(0);
  });
});
