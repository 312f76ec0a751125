import { request } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HttpCallers } from './access/index.js';
import { FolderEndpoint } from './folder/folder-endpoint.js';
import { moids } from './mo/moids.js';
import { ScreenEndpoint, takePicture } from './screen/index.js';
import { testPolicy } from './testing/test-host.js';
import { TestServer } from './testing/test-server.js';

let web: TestServer;
let test: TestServer['test'];
let port: number;
let session: string;

beforeAll(async () => {
  web = await TestServer.start({ headersTimeout: 300, requestTimeout: 400, content: filesAndScreens });
  ({ test, port } = web);
});

function filesAndScreens({ host, errors }: TestServer['test']) {
  const callers = new HttpCallers({ sessions: host.sessions, policy: testPolicy, access: host.access });
  const onError = (error: unknown): void => void errors.push(error);
  const folder = new FolderEndpoint({
    callers,
    files: () => host.link.files,
    datastore: name => host.inventory.datastore(name),
    datastores: () => host.inventory.datastores(),
    fileChanged: path => host.inventory.noteFile(path),
    onError,
  });
  const screen = new ScreenEndpoint({
    callers,
    machine: moid => host.inventory.vms().find(vm => vm.ref.value === moid),
    picture: vmxPath => takePicture(host.link, vmxPath),
    onError,
  });
  return { folder, screen };
}

beforeEach(async () => {
  session = await test.login();
});

afterAll(() => web.stop());

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Record<string, unknown>;
}

function send(
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false, agent: false },
      reply => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () => {
          resolve({
            status: reply.statusCode ?? 0,
            text: Buffer.concat(chunks).toString(),
            headers: reply.headers,
          });
        });
        reply.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

function envelope(method: string, target: string, body = '', namespace = 'urn:vim25'): string {
  return (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">' +
    `<e:Body><${method} xmlns="${namespace}"><_this>${target}</_this>${body}</${method}></e:Body></e:Envelope>`
  );
}

const login = envelope(
  'Login',
  'ha-sessionmgr',
  '<userName>root</userName><password>root-password</password>',
);

describe('SOAP over HTTPS', () => {
  it('logs in with the cookie that clients look for and takes it quoted or not', async () => {
    const reply = await send('POST', '/sdk', login);
    expect(reply.status).toBe(200);
    const key =
      /vmware_soap_session="(52[0-9a-f-]{34})"; Path=\//.exec(String(reply.headers['set-cookie']))?.[1] ?? '';
    for (const cookie of [`vmware_soap_session="${key}"`, `a=b; vmware_soap_session=${key}`]) {
      const now = await send('POST', '/sdk/vimService', envelope('CurrentTime', 'ServiceInstance'), {
        Cookie: cookie,
      });
      expect(now.status).toBe(200);
    }
    const none = await send('POST', '/sdk', envelope('CurrentTime', 'ServiceInstance'), { Cookie: '' });
    expect(none.status).toBe(500);
    expect(none.text).toContain('<NotAuthenticatedFault xmlns="urn:vim25" xsi:type="NotAuthenticated">');
  });

  it.each(['urn:vim25', 'urn:vim2', 'urn:internalvim25'])(
    'answers in the namespace %s that it was asked in',
    async namespace => {
      const reply = await send(
        'POST',
        '/sdk',
        envelope('RetrieveServiceContent', 'ServiceInstance', '', namespace),
      );
      expect(reply.status).toBe(200);
      expect(reply.text).toContain(`<RetrieveServiceContentResponse xmlns="${namespace}">`);
    },
  );

  it.each([
    ['no XML at all', 'hello', 'InvalidRequest'],
    ['an empty body', '', 'InvalidRequest'],
    ['broken XML', login.slice(0, -20), 'InvalidRequest'],
    ['another document', '<a/>', 'InvalidRequest'],
    ['a foreign namespace', envelope('Login', 'x', '', 'urn:other'), 'InvalidRequest'],
    ['an entity bomb', `<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx">]>${login}`, 'InvalidRequest'],
    ['nesting without end', envelope('Login', 'x', '<a>'.repeat(10_000)), 'InvalidRequest'],
    ['an unknown method', envelope('MakeCoffee', 'ServiceInstance'), 'MethodNotFound'],
    [
      'a missing parameter',
      envelope('Login', 'ha-sessionmgr', '<userName>root</userName>'),
      'InvalidArgument',
    ],
    [
      'a wrong type',
      envelope('Login', 'ha-sessionmgr', '<userName><a/></userName><password>x</password>'),
      'InvalidType',
    ],
  ])('answers %s with a typed fault', async (_, body, fault) => {
    const reply = await send('POST', '/sdk', body);
    expect(reply.status).toBe(500);
    expect(reply.text).toContain(`xsi:type="${fault}"`);
  });

  it('refuses bytes that are not UTF-8', async () => {
    const reply = await send('POST', '/sdk', Buffer.from([0x3c, 0xff, 0xfe]));
    expect([reply.status, reply.text.includes('xsi:type="InvalidRequest"')]).toEqual([500, true]);
  });

  it('refuses a body of 100 MB without reading it', async () => {
    const sized = await send('POST', '/sdk', undefined, { 'Content-Length': String(100 << 20) });
    expect([sized.status, sized.text.includes('too large')]).toEqual([500, true]);
  });

  it('takes a longer request from who is logged in than from who is not', async () => {
    const long = envelope('RetrieveServiceContent', 'ServiceInstance', ' '.repeat(200_000));
    expect((await send('POST', '/sdk', long)).text).toContain('too large');
    const cookie = { Cookie: `vmware_soap_session=${session}` };
    expect((await send('POST', '/sdk', long, cookie)).status).toBe(200);
  });

  it('stops reading a chunked body of 100 MB early, with bounded memory', async () => {
    const before = process.memoryUsage().rss;
    const sentBytes = await floodChunked(100 << 20);
    expect(sentBytes).toBeLessThan(100 << 20);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 << 20);
    expect((await send('GET', '/')).status).toBe(200);
  });

  it.each([
    ['headers', 'POST /sdk HTTP/1.1\r\nHost: x\r\nX-A: '],
    ['body', 'POST /sdk HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<e'],
  ])('cuts off a client whose %s never end', async (_, start) => {
    const socket = await open();
    socket.write(start);
    const closed = new Promise<string>(resolve => {
      socket.on('close', () => resolve('closed'));
    });
    socket.on('data', () => undefined);
    expect(await closed).toBe('closed');
  });

  it('refuses headers that are too long', async () => {
    expect(
      (await send('GET', '/', undefined, { 'X-Long': 'a'.repeat(100_000) }).catch(() => ({ status: 431 })))
        .status,
    ).not.toBe(200);
    expect((await send('GET', '/')).status).toBe(200);
  });
});

describe('files', () => {
  it.each([
    ['/sdk/vimServiceVersions.xml', '<version>4.1</version>'],
    ['/sdk/vimService.wsdl', 'soap:address location="https://127.0.0.1:'],
    ['/sdk/vimService?wsdl', 'soap:address'],
    ['/sdk/vim.wsdl', '<binding name="VimBinding"'],
    ['/sdk/vim25/vim-types.xsd', 'complexType name="VirtualMachineConfigInfo"'],
    ['/sdk/reflect-messagetypes.xsd', 'ExecuteSoapRequestType'],
    ['/', 'VMware ESX Server'],
  ])('has %s', async (path, content) => {
    const reply = await send('GET', path);
    expect(reply.status).toBe(200);
    expect(reply.text).toContain(content);
  });

  it.each(['/sdk/nothing.wsdl', '/etc/passwd', '/sdk/../main.js'])('has no %s', async path => {
    expect((await send('GET', path)).status).toBe(404);
  });
});

describe('/folder', () => {
  const query = '?dcPath=ha-datacenter&dsName=storage1';
  const basic = { Authorization: `Basic ${Buffer.from('root:root-password').toString('base64')}` };

  it('gives a file to who is logged in, whole or in part', async () => {
    const cookie = { Cookie: `vmware_soap_session=${session}` };
    expect((await send('GET', `/folder/linux/linux.vmx${query}`, undefined, cookie)).text).toContain(
      'displayName = "linux"',
    );
    const part = await send('GET', `/folder/linux%2Flinux.vmx${query}`, undefined, {
      ...basic,
      Range: 'bytes=1-8',
    });
    expect([part.status, part.text]).toEqual([206, 'encoding']);
    expect(part.headers['content-range']).toMatch(/^bytes 1-8\/\d+$/);
  });

  it('gives nothing without a login or with a wrong one', async () => {
    expect((await send('GET', `/folder/linux/linux.vmx${query}`)).status).toBe(401);
    const wrong = { Authorization: `Basic ${Buffer.from('root:x').toString('base64')}` };
    expect((await send('GET', `/folder/linux/linux.vmx${query}`, undefined, wrong)).status).toBe(401);
  });

  it('asks the privileges of the datastore, by cookie as by password', async () => {
    const options = { session };
    const manager = moids.authorizationManager;
    const give = (roleId: number): Promise<void> => {
      const permission = [{ principal: 'alice', group: false, roleId, propagate: true }];
      return test.call(manager, 'SetEntityPermissions', { entity: moids.rootFolder, permission }, options);
    };
    const browser = await test.call(
      manager,
      'AddAuthorizationRole',
      { name: 'browser', privIds: ['Datastore.Browse'] },
      options,
    );
    const text = Buffer.from('alice:alice-password').toString('base64');
    const statuses = async (headers: Record<string, string>): Promise<number[]> => [
      (await send('GET', `/folder/linux/linux.vmx${query}`, undefined, headers)).status,
      (await send('PUT', `/folder/linux/x${query}`, 'x', headers)).status,
      (await send('DELETE', `/folder/linux/linux.vmx${query}`, undefined, headers)).status,
    ];
    expect(await statuses({ Authorization: `Basic ${text}` })).toEqual([401, 401, 401]);
    await give(-2);
    const cookie = { Cookie: `vmware_soap_session=${await test.login('alice')}` };
    for (const headers of [cookie, { Authorization: `Basic ${text}` }]) {
      await give(-2);
      expect(await statuses(headers)).toEqual([403, 403, 403]);
      await give(browser);
      expect(await statuses(headers)).toEqual([200, 403, 403]);
    }
    expect(test.kernel.fileText('linux/linux.vmx')).toContain('displayName');
  });

  it.each([
    ['..%2f..%2fetc/passwd', 400],
    ['linux/%2e%2e/%2e%2e/x', 400],
    ['a%00b', 400],
    ['%', 400],
    ['no/such', 404],
  ])('answers %s with %i', async (path, status) => {
    expect((await send('GET', `/folder/${path}${query}`, undefined, basic)).status).toBe(status);
  });
});

function open(): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => resolve(socket));
    socket.on('error', reject);
  });
}

/** Sends chunks until the server hangs up. @returns how many bytes were accepted */
async function floodChunked(bytes: number): Promise<number> {
  const socket = await open();
  socket.removeAllListeners('error');
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  socket.write('POST /sdk HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'a'), Buffer.from('\r\n')]);
  let sent = 0;
  while (sent < bytes && !socket.destroyed) {
    if (!socket.write(chunk)) {
      await new Promise<void>(resolve => {
        socket.once('drain', resolve);
        socket.once('close', () => resolve());
      });
    }
    sent += chunk.length;
  }
  socket.destroy();
  return sent;
}
