import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyMemoryControlFigures, type HostInfo } from '../../kernel/abi/index.js';
import { attachStatistics, type VmkernelClient } from '../../kernel/client/index.js';
import {
  type HostConfigInfo,
  type HostHardwareInfo,
  type HostListSummary,
  ManagedObjectReference,
  TypedValue,
} from '../../lib/vim/index.js';
import { VimClient } from '../../lib/vim-client/index.js';
import { TestHost, until } from '../harness/index.js';

let host: TestHost;
let kernel: VmkernelClient;
let info: HostInfo;
let vim: VimClient;
let ports: { readonly http: number; readonly https: number };
const haHost = new ManagedObjectReference('HostSystem', 'ha-host');

beforeAll(async () => {
  host = await TestHost.up();
  kernel = await host.kernel();
  info = await kernel.call('hostInfo', {});
  ({ ports } = await host.status());
  const certificate = readFileSync(join(host.root, 'console/etc/vmware/ssl/rui.crt'), 'utf8');
  vim = await VimClient.open({ host: '127.0.0.1', port: ports.https, certificate });
  await vim.login('root', host.password);
}, 300_000);
afterAll(async () => {
  vim.close();
  await host.stop();
});

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request as raw as Node lets us. */
function send(
  scheme: 'http' | 'https',
  path: string,
  options: { readonly body?: string; readonly headers?: Record<string, string> } = {},
): Promise<Reply> {
  const method = options.body === undefined ? 'GET' : 'POST';
  const common = { host: '127.0.0.1', path, method, agent: false, headers: options.headers };
  return new Promise((resolve, reject) => {
    const sent =
      scheme === 'http'
        ? requestHttp({ ...common, port: ports.http })
        : requestHttps({ ...common, port: ports.https, rejectUnauthorized: false });
    sent.on('error', reject).on('response', reply => {
      const chunks: Buffer[] = [];
      reply.on('error', reject).on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('end', () => {
        const { statusCode = 0, headers } = reply;
        resolve({ status: statusCode, headers, text: Buffer.concat(chunks).toString() });
      });
    });
    sent.end(options.body);
  });
}

function envelope(body: string): string {
  return `<?xml version="1.0"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><S:Body>${body}</S:Body></S:Envelope>`;
}

const content = (namespace: string) =>
  envelope(
    `<RetrieveServiceContent xmlns="${namespace}"><_this type="ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>`,
  );

describe('who the host says it is', () => {
  it.each(['urn:vim25', 'urn:vim2', 'urn:internalvim25'])('is ESX Server 3.5.0 in %s', async namespace => {
    const { status, text } = await send('https', '/sdk', { body: content(namespace) });
    expect(status).toBe(200);
    expect(text).toContain('<fullName>VMware ESX Server 3.5.0 build-153875</fullName>');
    expect(text).toContain('<productLineId>esx</productLineId>');
    expect(text).toContain('<apiType>HostAgent</apiType>');
    expect(text).toContain('<osType>vmnix-x86</osType>');
  });

  it('lists versions from 4.1 down to 2.0, as pyVmomi parses them', async () => {
    const { status, text } = await send('https', '/sdk/vimServiceVersions.xml');
    expect(status).toBe(200);
    expect(text).toMatch(/<namespaces version="1\.0">\s*<namespace>\s*<name>urn:vim25<\/name>/);
    const versions = [...text.matchAll(/<version>([^<]*)<\/version>/g)].map(match => match[1]);
    expect(versions[0]).toBe('4.1');
    expect(versions).toEqual(expect.arrayContaining(['4.0', '2.5', '2.0']));
    expect(versions.some(version => Number.parseFloat(version ?? '') > 4.1)).toBe(false);
  });

  it('advertises another version when the option says so, at once', async () => {
    const setting = new ManagedObjectReference('OptionManager', 'HostAgentSettings');
    const set = (version: string) =>
      vim.call(setting, 'UpdateOptions', {
        changedValue: [
          { key: 'Config.HostAgent.soap.advertisedVersion', value: new TypedValue('string', false, version) },
        ],
      });
    await set('2.5');
    const { text } = await send('https', '/sdk/vimServiceVersions.xml');
    await set('4.1');
    expect(text).toContain('<version>2.5</version>');
    expect(text).not.toContain('4.1');
    expect((await send('https', '/sdk/vimServiceVersions.xml')).text).toContain('<version>4.1</version>');
  });

  it.each([
    ['vim25/2.5', false],
    ['urn:vim25/2.5', false],
    ['"urn:vim25#RetrieveProperties"', false],
    ['', false],
    ['urn:vim25/4.1', true],
    ['"urn:vim25/9.0.0.0"', true],
  ])('answers SOAPAction %j with no field that its client does not know', async (action, knowsLater) => {
    const login = envelope(
      `<Login xmlns="urn:vim25"><_this type="SessionManager">ha-sessionmgr</_this><userName>root</userName><password>${host.password}</password></Login>`,
    );
    const session = await send('https', '/sdk/vimService', { body: login, headers: { SOAPAction: action } });
    const cookie = String(session.headers['set-cookie']).split(';')[0] ?? '';
    expect(cookie).toMatch(/^vmware_soap_session=/);
    const body = envelope(
      `<RetrieveProperties xmlns="urn:vim25"><_this>ha-property-collector</_this><specSet><propSet><type>HostSystem</type><pathSet>capability</pathSet></propSet><objectSet><obj type="HostSystem">ha-host</obj></objectSet></specSet></RetrieveProperties>`,
    );
    const reply = await send('https', '/sdk', { body, headers: { SOAPAction: action, Cookie: cookie } });
    expect(reply.status).toBe(200);
    expect(reply.text).toContain('<maxSupportedVcpus>1</maxSupportedVcpus>');
    // Of version 4.0.
    expect(reply.text.includes('<ftSupported>')).toBe(knowsLater);
  });

  it('names the object to who asks without a session, with status 500 and the typed detail', async () => {
    const body = envelope('<QueryOptions xmlns="urn:vim25"><_this>nobody-knows</_this></QueryOptions>');
    const { status, text } = await send('https', '/sdk', { body, headers: { Cookie: '' } });
    expect(status).toBe(500);
    expect(text).toMatch(/<NotAuthenticatedFault [^>]*xsi:type="NotAuthenticated"/);
    expect(text).toContain('nobody-knows');
  });

  it('sends everybody from the plain port to HTTPS, and has a page there', async () => {
    const { status, headers } = await send('http', '/ui/x?y=1', { headers: { Host: 'esx:80' } });
    expect([status, headers['content-length']]).toEqual([301, '0']);
    const port = ports.https === 443 ? '' : `:${ports.https}`;
    expect(headers.location).toBe(`https://esx${port}/ui/x?y=1`);
    expect((await send('https', '/')).text).toContain('VMware ESX Server 3.5.0 build-153875');
  });

  it.each([
    'vimService.wsdl',
    'vim.wsdl',
    'core-types.xsd',
    'query-types.xsd',
    'query-messagetypes.xsd',
    'vim-types.xsd',
    'vim-messagetypes.xsd',
    'reflect-types.xsd',
    'reflect-messagetypes.xsd',
  ])('has /sdk/%s', async name => {
    const { status, text } = await send('https', `/sdk/${name}`);
    expect(status).toBe(200);
    expect(text).toMatch(/^<\?xml/);
  });
});

describe('what the host says of itself', () => {
  it('is what the VMkernel and the service console say', async () => {
    const found = await vim.read(haHost, ['name', 'summary', 'hardware', 'config', 'runtime.bootTime']);
    const summary = found.get('summary') as HostListSummary;
    const hardware = found.get('hardware') as HostHardwareInfo;
    const config = found.get('config') as HostConfigInfo;
    const consoleName = (await host.ssh('hostname')).stdout.toString().trim();
    expect(found.get('name')).toBe(consoleName);
    expect(summary.config.name).toBe(consoleName);
    const { hostName = '', domainName = '' } = config.network?.dnsConfig ?? {};
    expect(domainName === '' ? hostName : `${hostName}.${domainName}`).toBe(consoleName);
    expect(Number(hardware.memorySize)).toBe(info.machineMemoryBytes);
    expect(Number(summary.hardware?.memorySize)).toBe(info.machineMemoryBytes);
    expect(hardware.cpuInfo.numCpuThreads).toBe(info.pcpus.length);
    expect(Math.round(Number(hardware.cpuInfo.hz) / 1e6)).toBe(Math.round(info.pcpuMhz));
    expect((found.get('runtime.bootTime') as Date).getTime()).toBe(info.bootTimeMs);
  });

  it('counts as many processors as esxtop', async () => {
    const threads = (await vim.read(haHost, ['hardware.cpuInfo.numCpuThreads'])).values().next().value;
    const batch = (await host.ssh('esxtop -b -n 1 -d 2')).stdout.toString();
    const pcpus = new Set([...batch.matchAll(/Physical Cpu\((\d+)\)/g)].map(match => match[1]));
    expect(threads).toBe(pcpus.size);
  }, 60_000);

  it('uses as much memory as the memory thread has charged', async () => {
    const { memory, host: control } = attachStatistics(info.shmDir);
    const figures = emptyMemoryControlFigures();
    await until('a quiet row', () => memory.memoryControl.read(figures));
    const found = await vim.read(haHost, ['summary.quickStats', 'config.consoleReservation']);
    const { overallMemoryUsage = 0 } = found.get('summary.quickStats') as HostListSummary['quickStats'];
    const usedMb = ((figures.totalPages - figures.freePages) * 4096) / 2 ** 20;
    expect(Math.abs(overallMemoryUsage - usedMb)).toBeLessThanOrEqual(1);
    const reservation = found.get('config.consoleReservation') as { serviceConsoleReserved: number };
    expect(Number(reservation.serviceConsoleReserved)).toBe(control.hostControl.consoleMemoryMb() * 2 ** 20);
  });

  it('names the daemons that run, and the ports where tools find it', async () => {
    const found = await vim.read(haHost, ['config.service.service']);
    const services = found.get('config.service.service') as { key: string; running: boolean }[];
    expect(services.map(({ key, running }) => [key, running])).toEqual([
      ['mgmt-vmware', true],
      ['sshd', true],
    ]);
    const proxy = (await host.ssh('cat /etc/vmware/hostd/proxy.xml')).stdout.toString();
    expect(proxy).toContain(`<httpsPort>${ports.https}</httpsPort>`);
    expect(proxy).toContain(`<httpPort>${ports.http}</httpPort>`);
  });

  it('shows the lines of its own log files', async () => {
    const manager = new ManagedObjectReference('DiagnosticManager', 'ha-diagnosticmgr');
    const log = await vim.call(manager, 'BrowseDiagnosticLog', { key: 'vmkernel', start: 1, lines: 1 });
    const file = readFileSync(join(host.root, 'var/log/vmkernel'), 'utf8');
    expect(log.lineText).toEqual([file.split('\n')[0]]);
  });
});
