import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  HostConfigInfo,
  HostHardwareInfo,
  HostListSummary,
  HostNetworkInfo,
  HostServiceInfo,
} from '../../../../lib/vim/index.js';
import { faultOf, TestHost } from '../../testing/test-host.js';
import { moids } from '../moids.js';

let test: TestHost;
let session: string;
beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
});
afterEach(() => test.stop());

function putConsoleFile(path: string, text: string): void {
  mkdirSync(dirname(join(test.consoleRoot, path)), { recursive: true });
  writeFileSync(join(test.consoleRoot, path), text);
}

describe('HostSystem', () => {
  it('tells the hardware that the VMkernel tells', async () => {
    const hardware = (await test.read(session, moids.host, 'hardware')) as HostHardwareInfo;
    expect(hardware.systemInfo).toMatchObject({ vendor: 'Dell Inc.', model: 'PowerEdge 2950' });
    expect(hardware.cpuInfo).toMatchObject({ hz: 2_000_000_000 });
    expect(hardware.biosInfo).toEqual(
      expect.objectContaining({ biosVersion: '2.5.0', releaseDate: new Date('2008-09-12T00:00:00Z') }),
    );
    expect(hardware.pciDevice).toEqual([
      expect.objectContaining({
        id: '02:01.0',
        bus: 2,
        slot: 1,
        function: 0,
        vendorId: -32634, // 8086h with a sign
        deviceId: 0x100f,
        vendorName: 'Intel Corporation',
      }),
    ]);
    expect(Number(hardware.memorySize)).toBe(4 * 2 ** 30);
  });

  it('names no processor that the VMkernel does not have', async () => {
    const hardware = (await test.read(session, moids.host, 'hardware')) as HostHardwareInfo;
    const summary = (await test.read(session, moids.host, 'summary')) as HostListSummary;
    const threads = hardware.cpuPkg.flatMap(pkg => pkg.threadId);
    expect(threads.length).toBe(hardware.cpuInfo.numCpuThreads);
    expect(Math.max(...threads)).toBeLessThan(2);
    expect(summary.hardware?.numCpuThreads).toBe(hardware.cpuInfo.numCpuThreads);
    expect(summary.hardware?.cpuMhz).toBe(2000);
  });

  it("says the same in its configuration as its managers do, and names the host's own address nowhere else", async () => {
    putConsoleFile('etc/resolv.conf', 'search lab.example\nnameserver 10.1.2.3\nnameserver 10.1.2.4\n');
    putConsoleFile(
      'proc/net/route',
      'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n' +
        'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n' +
        'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n',
    );
    const config = (await test.read(session, moids.host, 'config')) as HostConfigInfo;
    const network = (await test.read(session, moids.networkSystem, 'networkInfo')) as HostNetworkInfo;
    expect(config.network).toEqual(network);
    expect(network.dnsConfig).toMatchObject({
      hostName: 'esx1',
      domainName: 'local',
      address: ['10.1.2.3', '10.1.2.4'],
      searchDomain: ['lab.example'],
    });
    expect(network.consoleIpRouteConfig).toMatchObject({
      defaultGateway: '192.0.2.1',
      gatewayDevice: 'eth0',
    });
    expect(network.vswitch ?? []).toEqual([]);
  });

  it('tells which daemons of the service console run', async () => {
    putConsoleFile('proc/19/cmdline', 'node\0/usr/lib/vmware/dist/daemons/hostd/main.js\0');
    const info = (await test.read(session, moids.serviceSystem, 'serviceInfo')) as HostServiceInfo;
    expect(info.service?.map(({ key, running }) => [key, running])).toEqual([
      ['mgmt-vmware', true],
      ['sshd', false],
    ]);
  });

  it('gives the overhead that the VMkernel will charge', async () => {
    const args = { memorySize: 64 * 2 ** 20, numVcpus: 1 };
    expect(Number(await test.call(moids.host, 'QueryMemoryOverhead', args, { session }))).toBe(111 * 2 ** 20);
    expect(test.kernel.calls.at(-1)).toEqual({ name: 'memoryOverhead', args: { memoryMb: 64, vcpus: 1 } });
  });

  it('names managers that exist, each of the type it is said to be', async () => {
    const manager = (await test.read(session, moids.host, 'configManager')) as Record<string, unknown>;
    const refs = Object.values(manager).filter(value => typeof value === 'object') as (typeof moids.host)[];
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) expect(test.host.registry.find(ref.value)?.objectClass.typeName).toBe(ref.type);
  });
});

describe('DiagnosticManager', () => {
  it('reads the lines of a log that are asked for, and tells where the end is', async () => {
    mkdirSync(join(test.folder, 'log'));
    writeFileSync(join(test.folder, 'log', 'vmkernel'), 'one\ntwo\nthree\nfour');
    const browse = (args: { key: string; start?: number; lines?: number }) =>
      test.call(moids.diagnosticManager, 'BrowseDiagnosticLog', args, { session });
    expect(await browse({ key: 'vmkernel', start: 2, lines: 2 })).toMatchObject({
      lineStart: 2,
      lineEnd: 3,
      lineText: ['two', 'three'],
    });
    expect(await browse({ key: 'vmkernel', start: 999_999_999 })).toMatchObject({ lineStart: 5, lineEnd: 4 });
    expect(await faultOf(browse({ key: 'hostd' }))).toBe('CannotAccessFile');
    expect(await faultOf(browse({ key: '../shadow' }))).toBe('InvalidArgument');
  });
});

describe('HostStorageSystem', () => {
  it('asks the VMkernel anew when it is told to look again', async () => {
    test.kernel.freeBytes = 7;
    await test.call(moids.storageSystem, 'RescanVmfs', {}, { session });
    const [datastore] = test.host.inventory.datastores();
    expect(datastore?.volume.freeBytes).toBe(7);
    const rescan = test.call(moids.storageSystem, 'RescanHba', { hbaDevice: 'vmhba0' }, { session });
    expect(await faultOf(rescan)).toBe('NotFound');
  });
});
