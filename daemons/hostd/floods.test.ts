import { request } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { TestServer } from './testing/test-server.js';

const CONNECTIONS = 100;
/** The server's patience with a client's headers, here. */
const HEADERS_MS = 800;
const ANSWER_MS = 3_000;

let web: TestServer;
let server: TestServer['server'];
let port: number;

beforeAll(async () => {
  web = await TestServer.start({ headersTimeout: HEADERS_MS, requestTimeout: HEADERS_MS });
  ({ server, port } = web);
});
afterAll(() => web.stop());

function open(): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      socket.off('error', reject);
      socket.on('error', () => undefined); // cut off is what it is to be
      socket.on('data', () => undefined);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

const openMany = (): Promise<TLSSocket[]> => Promise.all(Array.from({ length: CONNECTIONS }, open));

/** Another client, meanwhile. */
function welcome(): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/', rejectUnauthorized: false, agent: false, timeout: ANSWER_MS },
      reply => {
        reply.resume();
        reply.on('end', () => resolve(reply.statusCode ?? 0));
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    sent.end();
  });
}

const openCount = (): Promise<number> =>
  new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });

it('serves others while hundreds of connections say nothing, and lets go of those', async () => {
  const silent = await openMany();
  expect(await welcome()).toBe(200);
  await vi.waitFor(() => expect(silent.every(socket => socket.destroyed)).toBe(true), 10_000);
  await vi.waitFor(async () => expect(await openCount()).toBe(0), 5_000);
});

it('serves others while hundreds of clients send their headers a byte at a time, and cuts those off', async () => {
  const slow = await openMany();
  for (const socket of slow) socket.write('POST /sdk HTTP/1.1\r\nHost: x\r\nX-A: ');
  const drip = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('a');
  }, 100);
  try {
    expect(await welcome()).toBe(200);
    await vi.waitFor(() => expect(slow.every(socket => socket.destroyed)).toBe(true), 10_000);
  } finally {
    clearInterval(drip);
  }
});

it('takes no flood of headers into its memory', async () => {
  let takenBytes = 0;
  const count = (socket: TLSSocket): void =>
    void socket.once('close', () => (takenBytes += socket.bytesRead));
  server.on('secureConnection', count);
  const lines = Buffer.from(`X-Flood: ${'a'.repeat(1000)}\r\n`.repeat(1000));
  const flooding = await openMany();
  for (const socket of flooding) {
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
    socket.write(lines);
  }
  expect(await welcome()).toBe(200);
  await vi.waitFor(() => expect(flooding.every(socket => socket.destroyed)).toBe(true), 10_000);
  await vi.waitFor(async () => expect(await openCount()).toBe(0), 5_000);
  server.off('secureConnection', count);
  // 100 MB were on their way. A head of 16 KB is refused, and what was read with it may be a few records of TLS.
  expect(takenBytes).toBeGreaterThan(CONNECTIONS * 16_384);
  expect(takenBytes).toBeLessThan(CONNECTIONS * 200_000);
});
