import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestDisplay } from '../../../lib/rfb/testing/pictures.js';
import { GuessLimit } from './guess-limit.js';
import { MAX_VIEWERS, Mks } from './mks.js';
import { listenAddress, readRemoteDisplay } from './remote-display.js';

let mks: Mks;
let logged: string[];
let port: number;
const server = createServer(socket => {
  socket.on('error', () => socket.destroy());
  if (entry === 'serverInit') mks.attach(socket, 'serverInit', 'ticket');
  else mks.attach(socket, 'handshake', 'plain');
});
let entry: 'handshake' | 'serverInit';

beforeEach(async () => {
  entry = 'handshake';
  logged = [];
  const input = {
    key: () => undefined,
    scancode: () => undefined,
    pointer: () => undefined,
    release: () => undefined,
  };
  mks = new Mks({
    name: 'web01',
    display: new TestDisplay(32, 16),
    newInput: () => input,
    log: text => logged.push(text),
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  mks.close();
  await new Promise(resolve => server.close(resolve));
});

/** @returns a plain viewer after ServerInit */
async function view(shared = 1): Promise<Socket> {
  const socket = createConnection(port, '127.0.0.1');
  socket.write(Buffer.concat([Buffer.from('RFB 003.008\n'), Buffer.of(1, shared)]));
  await received(socket, 'web01');
  return socket;
}

function received(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let all = '';
    socket.on('data', bytes => {
      all += bytes.toString('latin1');
      if (all.includes(text)) resolve(all);
    });
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(all)}`)));
  });
}

test('ten viewers see a VM; the eleventh is told and closed; a place that gets free can be taken', async () => {
  const viewers = await Promise.all(Array.from({ length: MAX_VIEWERS }, () => view()));
  expect(mks.viewers).toHaveLength(MAX_VIEWERS);
  const late = createConnection(port, '127.0.0.1');
  late.write('RFB 003.008\n');
  const closed = once(late, 'close');
  await received(late, '10 viewers watch web01 already');
  await closed;
  viewers[0]?.destroy();
  await expect.poll(() => mks.viewers.length).toBe(MAX_VIEWERS - 1);
  await view();
  expect(mks.viewers).toHaveLength(MAX_VIEWERS);
});

test('who wants the VM alone ends plain viewers, not those who came by a ticket', async () => {
  const first = await view();
  entry = 'serverInit';
  const ticket = createConnection(port, '127.0.0.1');
  await received(ticket, 'web01');
  entry = 'handshake';
  const closed = once(first, 'close');
  await view(0);
  await closed;
  expect(mks.viewers.map(({ who }) => who)).toEqual(['ticket', 'plain']);
  expect(logged).toContain('MKS: plain disconnected: plain wants no others');
});

test('connections that say nothing keep no viewer out, and are bounded', async () => {
  const silent = Array.from({ length: 30 }, () =>
    createConnection(port, '127.0.0.1').on('error', () => undefined),
  );
  await expect.poll(() => logged.filter(text => text.includes('too many connect')).length).toBe(10);
  expect(mks.viewers).toEqual([]);
  for (const socket of silent) socket.destroy();
  await expect.poll(() => logged.filter(text => text.includes('disconnected')).length).toBe(20);
  await view();
});

test('an address that guesses passwords waits, each time longer', () => {
  let nowMs = 0;
  const guesses = new GuessLimit(() => nowMs);
  for (let i = 0; i < 4; i++) guesses.failed('10.0.0.1');
  expect(guesses.isBlocked('10.0.0.1')).toBe(false);
  guesses.failed('10.0.0.1');
  expect([guesses.isBlocked('10.0.0.1'), guesses.isBlocked('10.0.0.2')]).toEqual([true, false]);
  nowMs = 10_001;
  expect(guesses.isBlocked('10.0.0.1')).toBe(false);
  guesses.failed('10.0.0.1');
  nowMs += 10_001;
  expect(guesses.isBlocked('10.0.0.1')).toBe(true);
  guesses.succeeded('10.0.0.1');
  expect(guesses.isBlocked('10.0.0.1')).toBe(false);
});

test('reads RemoteDisplay.vnc.* as libvirt writes them', () => {
  const read = (keys: Record<string, string>) => readRemoteDisplay(key => keys[key]);
  expect(read({})).toBeNull();
  expect(read({ 'RemoteDisplay.vnc.enabled': 'false' })).toBeNull();
  const on = { 'RemoteDisplay.vnc.enabled': 'true' };
  expect(read(on)).toEqual({ port: 5900, password: null, ip: null });
  expect(
    read({
      ...on,
      'RemoteDisplay.vnc.port': '5903',
      'RemoteDisplay.vnc.password': 'x',
      'RemoteDisplay.vnc.ip': '1.2.3.4',
    }),
  ).toEqual({ port: 5903, password: 'x', ip: '1.2.3.4' });
  for (const port of ['0', '65536', '-1', '59oo'])
    expect(read({ ...on, 'RemoteDisplay.vnc.port': port })).toBe(`"${port}" is no port`);
});

test('an address of the .vmx never widens the host’s', () => {
  expect(listenAddress(null, '127.0.0.1')).toBe('127.0.0.1');
  expect(listenAddress('0.0.0.0', '127.0.0.1')).toBe('127.0.0.1');
  expect(listenAddress('192.168.0.5', '127.0.0.1')).toBe('127.0.0.1');
  expect(listenAddress('192.168.0.5', '0.0.0.0')).toBe('192.168.0.5');
  expect(listenAddress('127.0.0.1', '192.168.0.5')).toBe('127.0.0.1');
});
