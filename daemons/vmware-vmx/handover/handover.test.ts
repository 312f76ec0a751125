import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HANDOVER_SOCKET, type VmOffer } from '../../../kernel/abi/index.js';
import { offerConnection } from '../../../lib/handover/index.js';
import { socketFd } from '../../../lib/linux/index.js';
import { makeCertificate } from '../../../lib/tls/make-certificate.js';
import { Handover } from './handover.js';
import type { Bearer } from './index.js';

const { certificate, key } = await makeCertificate('host');
let runDir: string;
let listening: Server;
let handover: Handover;
let refusal: string | undefined;
let attached: { readonly stream: TLSSocket; readonly bearer: Bearer }[];
const sockets: Socket[] = [];

beforeEach(async () => {
  runDir = mkdtempSync(join(tmpdir(), 'vmx-handover-'));
  listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  refusal = undefined;
  attached = [];
  const service = {
    refusal: () => refusal,
    attach: (stream: TLSSocket, bearer: Bearer) => void attached.push({ stream, bearer }),
  };
  handover = await Handover.listen({
    runDir,
    services: { mks: service, vmctl: service },
    log: () => undefined,
  });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  handover.close();
  listening.close();
  rmSync(runDir, { recursive: true });
});

/** As vmkauthd does it. @returns the client's end, which the VM has now */
async function handedOver(user: string): Promise<Socket> {
  const { port } = listening.address() as { port: number };
  const client = connect(port, '127.0.0.1');
  const [served] = (await once(listening, 'connection')) as [Socket];
  sockets.push(client, served);
  client.on('error', () => undefined);
  const offer: VmOffer = {
    service: 'vmctl',
    nonce: 'abc',
    user,
    rights: ['r'],
    peer: 'peer',
    certificate,
    key,
  };
  const given = await offerConnection(join(runDir, HANDOVER_SOCKET), socketFd(served), offer);
  await given.go();
  served.destroy();
  return client.resume();
}

async function opened(socket: Socket, nonce = 'abc'): Promise<TLSSocket> {
  const tls = connectTls({ socket, rejectUnauthorized: false });
  tls.on('error', () => undefined);
  await once(tls, 'secureConnect');
  tls.write(nonce);
  return tls;
}

it('gives the service a stream that stands after the nonce, with its bearer', async () => {
  await opened(await handedOver('bob'), 'abcfirst');
  await vi.waitFor(() => expect(attached).toHaveLength(1));
  const [{ stream, bearer }] = attached as [(typeof attached)[0]];
  expect(bearer).toEqual({ user: 'bob', rights: ['r'], peer: 'peer' });
  expect(String((await once(stream, 'data'))[0])).toBe('first');
});

it('closes on a client with another nonce, or with no TLS', async () => {
  const wrong = await handedOver('bob');
  await opened(wrong, 'abd');
  const plain = await handedOver('bob');
  plain.write('status\r\n');
  await vi.waitFor(() => expect([wrong, plain].map(({ destroyed }) => destroyed)).toEqual([true, true]));
  expect(attached).toEqual([]);
});

it('refuses in the words of the service, and keeps nothing', async () => {
  refusal = 'the VM is shy';
  await expect(handedOver('bob')).rejects.toThrow('the VM is shy');
});

it('lets clients that open no second session lock nobody out', async () => {
  const idle: Socket[] = [];
  for (let i = 0; i < 20; i++) idle.push(await handedOver('bob'));
  const ofRoot = await handedOver('root');
  await vi.waitFor(() => expect(idle.map(({ destroyed }) => destroyed)).toEqual(idle.map((_, i) => i < 4)));
  await opened(ofRoot);
  await vi.waitFor(() => expect(attached.map(({ bearer }) => bearer.user)).toEqual(['root']));
});
