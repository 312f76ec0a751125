import { request } from 'node:https';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SerialPort, TestHost } from '../harness/index.js';

let host: TestHost;
let port: number;
let http: number;
let guest: SerialPort;

beforeAll(async () => {
  host = new TestHost();
  await host.up();
  const kernel = await host.kernel();
  const { serial } = await host.powerOn(kernel, await host.addGuest('asm-counter'));
  guest = serial;
  ({ https: port, http } = (await host.status()).ports);
}, 300_000);
afterAll(() => host.stop());

const envelope = (body: string) =>
  `<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>${body}</e:Body></e:Envelope>`;
const ENTITY_BOMB = `<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "${'x'.repeat(1000)}">${Array.from(
  { length: 30 },
  (_, i) => `<!ENTITY a${i} "${`&a${i === 0 ? '' : i - 1};`.repeat(10)}">`,
).join('')}]><b>&a29;</b>`;

function post(body: string | Buffer): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path: '/sdk',
        method: 'POST',
        rejectUnauthorized: false,
        headers: { 'Content-Type': 'text/xml' },
      },
      reply => {
        const parts: Buffer[] = [];
        reply.on('data', (part: Buffer) => parts.push(part));
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
        );
        reply.on('error', reject);
      },
    );
    sent.on('error', (error: NodeJS.ErrnoException) =>
      // A server that has refused a body need not read it to its end.
      ['EPIPE', 'ECONNRESET'].includes(error.code ?? '') ? resolve({ status: 0, text: '' }) : reject(error),
    );
    sent.end(body);
  });
}

const retrieve =
  '<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>';

describe('hostile SOAP', () => {
  it.each([
    ['broken XML', '<e:Envelope'],
    ['an entity bomb', ENTITY_BOMB],
    [
      'an unknown method',
      envelope('<FlyToTheMoon xmlns="urn:vim25"><_this type="X">y</_this></FlyToTheMoon>'),
    ],
    [
      'wrong types',
      envelope(
        '<Login xmlns="urn:vim25"><_this type="SessionManager">ha-sessionmgr</_this><userName><a/></userName></Login>',
      ),
    ],
    ['elements a million deep', '<a>'.repeat(1_000_000)],
    ['bytes that are no text', Buffer.from(Uint8Array.from({ length: 4096 }, (_, i) => (i * 37) & 255))],
    ['100 MB', Buffer.alloc(100 << 20, 'a')],
  ])('%s gets an error, and disturbs neither the host nor its guest', async (_, body) => {
    const before = await host.status();
    const { status } = await post(body);
    expect(status === 0 || status >= 400).toBe(true);
    const good = await post(envelope(retrieve));
    expect(good).toMatchObject({ status: 200, text: expect.stringContaining('build-153875') });
    expect(await host.status()).toEqual(before);
    await guest.waitFor(/count \d+/);
  });

  it('that is no HTTP at all is dropped', async () => {
    const socket = connect(http, '127.0.0.1');
    const closed = new Promise(resolve => socket.once('close', resolve));
    socket.on('error', () => socket.destroy());
    socket.write('\x16\x03\x01 what is this\r\n\r\n');
    socket.resume();
    await closed;
    expect(await post(envelope(retrieve))).toMatchObject({ status: 200 });
  });
});
