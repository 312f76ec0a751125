import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from './testing/test-server.js';

let web: TestServer;
let test: TestServer['test'];
let port: number;
let session: string;

beforeAll(async () => {
  web = await TestServer.start({ headersTimeout: 300, requestTimeout: 400 });
  ({ test, port } = web);
  session = await test.login();
});
afterAll(() => web.stop());

/** A connection that stays open, as clients have one. */
class Connection {
  text = '';
  isClosed = false;
  #told: () => void = () => undefined;

  private constructor(readonly socket: TLSSocket) {
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      this.text += part;
      this.#told();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.#told();
    });
  }

  static open(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false });
      socket.once('error', reject);
      socket.once('secureConnect', () => resolve(new Connection(socket)));
    });
  }

  async until(isSo: (connection: Connection) => boolean): Promise<void> {
    while (!isSo(this))
      await new Promise<void>(resolve => {
        this.#told = resolve;
      });
  }

  /** Waits for so many replies with this in them. */
  replies(count: number, part: string): Promise<void> {
    return this.until(({ text, isClosed }) => isClosed || text.split(part).length > count);
  }
}

function soap(method: string, target: string, args = ''): { head: string; body: string } {
  const body =
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>' +
    `<${method} xmlns="urn:vim25"><_this>${target}</_this>${args}</${method}></e:Body></e:Envelope>`;
  const head = [
    'POST /sdk HTTP/1.1',
    'Host: esx1.local',
    'SOAPAction: "urn:vim25/4.1"',
    `Cookie: vmware_soap_session="${session}"`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return { head: `${head.join('\r\n')}\r\n\r\n`, body };
}

const time = () => soap('CurrentTime', 'ServiceInstance');
const timeReply = '</CurrentTimeResponse>';

describe('a connection of plain SOAP requests', () => {
  it('answers one after the other, head and body together or apart', async () => {
    const connection = await Connection.open();
    const { head, body } = time();
    connection.socket.write(head + body);
    await connection.replies(1, timeReply);
    connection.socket.write(head);
    await new Promise(resolve => connection.socket.write('', resolve));
    connection.socket.write(body);
    await connection.replies(2, timeReply);
    expect(connection.text.match(/HTTP\/1\.1 200 OK\r/g)).toHaveLength(2);
    expect(connection.text.match(/^Date: .*GMT\r$/gm)).toHaveLength(2);
    connection.socket.destroy();
  });

  it('answers requests that come ahead of their replies in their order', async () => {
    const connection = await Connection.open();
    const { head, body } = time();
    const wrong = soap('Nonsense', 'ServiceInstance');
    connection.socket.write(head + body + wrong.head + wrong.body + head + body);
    await connection.replies(2, timeReply);
    const statuses = [...connection.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '500', '200']);
    connection.socket.destroy();
  });

  it.each([1, 20, 200])('answers a request that comes in pieces of %i bytes', async size => {
    const connection = await Connection.open();
    const { head, body } = time();
    const whole = head + body;
    for (let at = 0; at < whole.length; at += size) {
      connection.socket.write(whole.slice(at, at + size));
      await new Promise(setImmediate);
    }
    await connection.replies(1, timeReply);
    expect(connection.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    connection.socket.destroy();
  });

  it('serves whatever else comes after them', async () => {
    const connection = await Connection.open();
    const { head, body } = time();
    connection.socket.write(`${head}${body}GET / HTTP/1.1\r\nHost: esx1.local\r\n\r\n`);
    await connection.replies(1, '<h1>VMware ESX Server 3.5.0</h1>');
    connection.socket.write(`${head}${body}`);
    await connection.replies(2, timeReply);
    expect(connection.text.match(/HTTP\/1\.1 200 OK\r/g)).toHaveLength(3);
    connection.socket.destroy();
  });

  it('hangs up on who says nothing, or not all of a request', async () => {
    const { head, body } = time();
    for (const part of ['', 'POST /sdk', head, head + body.slice(0, 10)]) {
      const connection = await Connection.open();
      connection.socket.write(part);
      await connection.until(({ isClosed }) => isClosed);
      expect(connection.text).not.toContain('200 OK');
    }
  });

  it('ends the wait of a client that goes away, and takes it from no other', async () => {
    const [leaving, staying] = [await Connection.open(), await Connection.open()];
    const before = await waits();
    const wait = soap('WaitForUpdates', 'ha-property-collector', '<version></version>');
    leaving.socket.write(wait.head + wait.body);
    while ((await waits()) === before) await new Promise(setImmediate);
    leaving.socket.destroy();
    while ((await waits()) !== before) await new Promise(setImmediate);
    const { head, body } = time();
    staying.socket.write(head + body);
    await staying.replies(1, timeReply);
    staying.socket.destroy();
  });
});

/** A session in which a call waits does not become idle. */
async function waits(): Promise<boolean> {
  const found = test.host.sessions.find(session);
  return Promise.resolve(found !== undefined && !found.isIdle(Number.POSITIVE_INFINITY));
}
