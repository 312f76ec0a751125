import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import pino from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listenTcp } from '../linux/index.js';
import { CertificateFile } from '../tls/index.js';
import { makeCertificate } from '../tls/make-certificate.js';
import { Door } from './door.js';
import { type DoorKeeper, DoorRefusal } from './door-keeper.js';

const TICKET = '52cf8c64-9343-7cb7-d151-1bfc481bb7d5';
const keeper: DoorKeeper = {
  verifyPassword: async (_user, password) => password === 'right',
  checkTicket: async ticket => (ticket === TICKET ? 'bob' : undefined),
  connect: async () => {
    throw new DoorRefusal('a is off');
  },
};
let door: Door;
let port: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  const { key, certificate: cert } = await makeCertificate('host');
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  port = (probe.address() as { port: number }).port;
  await new Promise(resolve => probe.close(resolve));
  const certificate = new CertificateFile({ stamp: () => '', read: () => ({ key, cert }) });
  const listenFd = listenTcp('127.0.0.1', port);
  door = new Door({ listenFd, ticketsOnly: false, certificate }, keeper, pino({ level: 'silent' }));
  await door.listen();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  door.close();
  vi.useRealTimers();
});

/** After the greeting, inside TLS. */
async function enter(): Promise<TLSSocket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'data');
  const tls = connectTls({ socket, rejectUnauthorized: false });
  tls.on('error', () => undefined);
  await once(tls, 'secureConnect');
  return tls;
}

async function ask(tls: TLSSocket, line: string): Promise<string> {
  tls.write(`${line}\r\n`);
  return String((await once(tls, 'data'))[0]);
}

async function logIn(user: string, password = 'right', tls?: TLSSocket): Promise<TLSSocket> {
  const client = tls ?? (await enter());
  expect(await ask(client, `USER ${user}`)).toMatch(/^331 /);
  expect(await ask(client, `PASS ${password}`)).toMatch(/^230 /);
  return client;
}

it('speaks TLS 1.2: hydra waits for ever where tickets of TLS 1.3 come after the handshake', async () => {
  expect((await enter()).getProtocol()).toBe('TLSv1.2');
});

it('goes on after a login that failed and after a VM that cannot be reached', async () => {
  const client = await enter();
  await ask(client, 'USER root');
  expect(await ask(client, 'PASS wrong')).toBe('530 Login incorrect.\r\n');
  await logIn('root', 'right', client);
  expect(await ask(client, 'CONNECT /a.vmx mks')).toBe('550 a is off\r\n');
  expect(await ask(client, 'CONNECT /a.vmx mks')).toBe('550 a is off\r\n');
});

it('gives each user sixteen places without a VM, by name or by ticket: his oldest goes, nobody else', async () => {
  const ofRoot = await logIn('root');
  const ofBob: TLSSocket[] = [];
  for (let i = 0; i < 20; i++) ofBob.push(await (i % 2 === 0 ? logIn('bob') : logIn(TICKET, TICKET)));
  await vi.waitFor(() => expect(ofBob.map(client => client.destroyed)).toEqual(ofBob.map((_, i) => i < 4)));
  expect(ofRoot.destroyed).toBe(false);
  await logIn('root');
}, 20_000);

it('keeps nobody for longer than a minute after the first login, however often he logs in again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const client = await logIn('bob');
  vi.advanceTimersByTime(45_000);
  await logIn('bob', 'right', client);
  vi.advanceTimersByTime(14_000);
  expect(await ask(client, 'CONNECT /a.vmx mks')).toBe('550 a is off\r\n');
  const closed = once(client, 'close');
  vi.advanceTimersByTime(1_000);
  await closed;
});

it('closes the connection of a client that goes on inside the first TLS session after CONNECT', async () => {
  const client = await logIn('root');
  const closed = once(client, 'close');
  client.write('CONNECT /a.vmx mks\r\nQUIT\r\n');
  const answered = vi.fn();
  client.on('data', answered);
  await closed;
  expect(answered).not.toHaveBeenCalled();
});
