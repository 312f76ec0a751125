import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VmkernelError } from '../../../kernel/abi/index.js';
import type { VmSerial } from '../../../lib/vmx/index.js';
import { PipeClient, SerialFile, SerialLine, SerialPorts, SerialServer } from './index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serial-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

class Reader {
  text = '';
  constructor(readonly socket: Socket) {
    socket.on('data', chunk => {
      this.text += chunk.toString('latin1');
    });
  }
  async until(met: (text: string) => boolean): Promise<string> {
    while (!met(this.text)) await once(this.socket, 'data');
    return this.text;
  }
}

async function connect(path: string): Promise<Reader> {
  const socket = createConnection(path);
  const reader = new Reader(socket);
  await once(socket, 'connect');
  return reader;
}

describe('SerialServer', () => {
  const line = (sent: string[]) => new SerialLine(bytes => sent.push(Buffer.from(bytes).toString()));

  it('shows the last bytes of the backlog to a newcomer and all output to every client', async () => {
    const path = join(folder, 's');
    const server = await SerialServer.listen({ path, backlogBytes: 8, maxClients: 4 }, line([]));
    for (const text of ['0123', '4567', '89']) server.write(Buffer.from(text));
    const first = await connect(path);
    expect((await first.until(t => t.includes('89'))).endsWith('23456789')).toBe(true);
    const second = await connect(path);
    await second.until(t => t.includes('89'));
    server.write(Buffer.from('both'));
    await first.until(t => t.endsWith('both'));
    await second.until(t => t.endsWith('both'));
    await server.close();
  });

  it('takes input of several clients and pauses them while the guest does not read', async () => {
    const path = join(folder, 's');
    const sent: string[] = [];
    const input = line(sent);
    const server = await SerialServer.listen({ path, backlogBytes: 0, maxClients: 4 }, input);
    const client = await connect(path);
    client.socket.write('x'.repeat(200_000));
    const total = () => sent.join('').length;
    while (total() < 4096) await new Promise(resolve => setImmediate(resolve));
    const before = total();
    expect(before).toBeLessThan(4096 + 65536 + 1);
    let taken = 0;
    while (total() < 200_000) {
      input.taken(total() - taken);
      taken = total();
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(total()).toBe(200_000);
    client.socket.destroy();
    await server.close();
  });

  it('cuts off a client that does not read', async () => {
    const path = join(folder, 's');
    const server = await SerialServer.listen({ path, backlogBytes: 0, maxClients: 1 }, line([]));
    const client = createConnection(path);
    client.pause();
    await once(client, 'connect');
    const extra = createConnection(path);
    await once(extra, 'close');
    const chunk = Buffer.alloc(65536);
    for (let i = 0; i < 64; i++) {
      server.write(chunk);
      await new Promise(resolve => setImmediate(resolve));
    }
    client.resume();
    await once(client, 'close');
    expect(client.bytesRead).toBeLessThan(64 * chunk.length);
    await server.close();
  });
});

describe('PipeClient', () => {
  it('joins the server end of a pipe, whichever comes first', async () => {
    const path = join(folder, 'pipe');
    const heard: string[] = [];
    const client = new PipeClient(path, new SerialLine(bytes => heard.push(Buffer.from(bytes).toString())));
    client.write(Buffer.from('lost'));
    const sent: string[] = [];
    const server = await SerialServer.listen(
      { path, backlogBytes: 0, maxClients: 1 },
      new SerialLine(bytes => sent.push(Buffer.from(bytes).toString())),
    );
    while (!heard.join('').includes('hello')) {
      server.write(Buffer.from('hello'));
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    client.write(Buffer.from('there'));
    while (sent.join('') !== 'there') await new Promise(resolve => setTimeout(resolve, 5));
    await client.close();
    await server.close();
  });
});

describe('SerialFile', () => {
  it('appends in order and reports what a full or failing file lost', async () => {
    const written: string[] = [];
    const losses: number[] = [];
    let fail = false;
    const file = new SerialFile({
      append: async bytes => {
        if (fail) throw new Error('full');
        written.push(Buffer.from(bytes).toString());
      },
      onLoss: bytes => losses.push(bytes),
    });
    file.write(Buffer.from('a'));
    file.write(Buffer.from('b'));
    await file.close();
    expect(written.join('')).toBe('ab');
    fail = true;
    file.write(Buffer.from('ccc'));
    await file.close();
    expect(losses).toEqual([3]);
    fail = false;
    file.write(Buffer.alloc((1 << 20) + 1));
    expect(losses).toEqual([3, (1 << 20) + 1]);
  });
});

describe('SerialPorts', () => {
  const port = (fileType: VmSerial['fileType'], fileName: string): VmSerial => ({
    index: 1,
    fileType,
    fileName,
    endPoint: 'server',
    startConnected: true,
  });

  const ports = (serial: VmSerial, runDir: string) =>
    new SerialPorts({
      serials: [serial],
      vmxPath: '/vmfs/volumes/v/vm/vm.vmx',
      runDir,
      append: async path => {
        throw new VmkernelError('PermissionDenied', `${path}: ELOOP`, { path });
      },
      send: () => undefined,
      log: () => undefined,
    });

  it('is not connected to a file that cannot be written', async () => {
    const opened = ports(port('file', 'link'), folder).open();
    await expect(opened).rejects.toMatchObject({
      code: 'PermissionDenied',
      message: 'Serial port 2 cannot be connected: /vmfs/volumes/v/vm/link: ELOOP',
    });
  });

  it('tells no path of the machine when a socket cannot be made', async () => {
    const error: unknown = await ports(port('console', ''), join(folder, 'missing'))
      .open()
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'IoError' });
    expect(String(error)).not.toContain(folder);
  });

  it('asks about files with content, and about nothing else that is there', async () => {
    const stat = { sizeBytes: 9, allocatedBytes: 0, modifiedMs: 0, owner: 0 };
    const serials = ports(port('file', 'out.txt'), folder);
    expect(await serials.usedFiles(async () => ({ ...stat, type: 'other' }))).toEqual([]);
    expect(await serials.usedFiles(async () => ({ ...stat, type: 'file' }))).toEqual([
      { port: 'serial1', fileName: 'out.txt', path: '/vmfs/volumes/v/vm/out.txt' },
    ]);
  });
});
