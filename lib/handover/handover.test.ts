import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectUnix, sendFd, socketFd } from '../linux/index.js';
import { HandoverError, HandoverTaker, offerConnection, type TakerOptions } from './index.js';

let folder: string;
let path: string;
let listening: Server;
const closing: (() => void)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'handover-'));
  path = join(folder, 'taker.sock');
  listening = createServer();
  await new Promise<void>(resolve => listening.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
  listening.close();
  rmSync(folder, { recursive: true });
});

/** A client, and the server's end of its connection. */
async function connection(): Promise<{ client: Socket; served: Socket }> {
  const { port } = listening.address() as { port: number };
  const client = connect(port, '127.0.0.1');
  const [served] = (await once(listening, 'connection')) as [Socket];
  closing.push(
    () => client.destroy(),
    () => served.destroy(),
  );
  return { client, served };
}

async function taker(admit: TakerOptions['admit']): Promise<unknown[]> {
  const errors: unknown[] = [];
  const taking = await HandoverTaker.listen({ path, admit, onError: error => errors.push(error) });
  closing.push(() => taking.close());
  return errors;
}

const openFds = (): number => readdirSync('/proc/self/fd').length;
const settled = async (met: () => boolean): Promise<void> => {
  while (!met()) await new Promise(resolve => setTimeout(resolve, 2));
};

describe('handing a connection over', () => {
  it('gives the taker the connection itself, and the giver may close its own copy', async () => {
    const seen: unknown[] = [];
    await taker(async offer => {
      seen.push(offer);
      return { take: fd => void new Socket({ fd }).end('hello from the taker'), drop: () => undefined };
    });
    const { client, served } = await connection();
    const offer = await offerConnection(path, socketFd(served), { service: 'mks' });
    await offer.go();
    served.destroy();
    const [data] = (await once(client, 'data')) as [Buffer];
    expect(data.toString()).toBe('hello from the taker');
    expect(seen).toEqual([{ service: 'mks' }]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('tells the giver why it is refused, and leaves the connection to him', async () => {
    await taker(async () => {
      throw new HandoverError('Refused', 'ten viewers look on');
    });
    const { client, served } = await connection();
    await expect(offerConnection(path, socketFd(served), {})).rejects.toMatchObject({
      code: 'Refused',
      message: 'ten viewers look on',
    });
    served.write('still here');
    expect(String((await once(client, 'data'))[0])).toBe('still here');
  });

  it('is unreachable where nobody takes', async () => {
    const { served } = await connection();
    await expect(offerConnection(path, socketFd(served), {})).rejects.toMatchObject({ code: 'Unreachable' });
  });

  it('takes nothing from a giver who dies before the word to go', async () => {
    const told: string[] = [];
    await taker(async () => ({ take: () => told.push('take'), drop: () => told.push('drop') }));
    const { served } = await connection();
    const offer = await offerConnection(path, socketFd(served), {});
    offer.withdraw();
    await settled(() => told.length > 0);
    expect(told).toEqual(['drop']);
  });

  it('refuses what is no offer, and keeps none of its descriptors', async () => {
    const errors = await taker(async () => ({ take: () => undefined, drop: () => undefined }));
    const { served } = await connection();
    const fds = openFds();
    const broken = new Socket({ fd: connectUnix(path) });
    broken.on('error', () => undefined); // it is cut off
    broken.write('no descriptor at all');
    await settled(() => errors.length === 1);
    const noJson = connectUnix(path);
    sendFd(noJson, 0x46, socketFd(served));
    const second = new Socket({ fd: noJson });
    second.on('error', () => undefined);
    second.write('this is no JSON\n');
    await once(second, 'close');
    const wrongByte = connectUnix(path);
    sendFd(wrongByte, 0x00, socketFd(served));
    await settled(() => errors.length >= 2);
    broken.destroy();
    const third = new Socket({ fd: wrongByte });
    third.on('error', () => undefined);
    third.destroy();
    await settled(() => openFds() <= fds);
  });

  it('refuses two descriptors at once', async () => {
    const errors = await taker(async () => ({ take: () => undefined, drop: () => undefined }));
    const fds = openFds();
    const script = `import socket,sys
s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
socket.send_fds(s,[b'F'],[0,1,2])
s.recv(1)`;
    const python = spawn('python3', ['-c', script, path], { stdio: ['ignore', 'ignore', 'ignore'] });
    await once(python, 'exit');
    expect(errors).toHaveLength(1);
    await settled(() => openFds() <= fds);
  });
});
