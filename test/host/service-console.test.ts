import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachStatistics } from '../../kernel/client/index.js';
import { ManagedObjectReference, type ServiceConsoleReservationInfo } from '../../lib/vim/index.js';
import { VimClient } from '../../lib/vim-client/index.js';
import { TestHost, until } from '../harness/index.js';

const MB = 2 ** 20;
const memorySystem = new ManagedObjectReference('HostMemorySystem', 'memoryManagerSystem');
let host: TestHost;

beforeAll(async () => {
  host = await TestHost.up();
}, 300_000);
afterAll(() => host.stop());

async function withVim<T>(use: (vim: VimClient) => Promise<T>): Promise<T> {
  const { ports } = await host.status();
  const certificate = readFileSync(join(host.root, 'console/etc/vmware/ssl/rui.crt'), 'utf8');
  const vim = await VimClient.open({ host: '127.0.0.1', port: ports.https, certificate });
  try {
    await vim.login('root', host.password);
    return await use(vim);
  } finally {
    vim.close();
  }
}

const reservation = (vim: VimClient): Promise<ServiceConsoleReservationInfo> =>
  vim
    .read(memorySystem, ['consoleReservationInfo'])
    .then(found => found.get('consoleReservationInfo') as ServiceConsoleReservationInfo);

describe('the memory of the service console', () => {
  it('is refused below 272 MB, above 800 MB and in parts of a megabyte', async () => {
    await withVim(async vim => {
      for (const mb of [271, 801, 272.5]) {
        const asked = vim.call(memorySystem, 'ReconfigureServiceConsoleReservation', {
          cfgBytes: BigInt(mb * MB),
        });
        await expect(asked).rejects.toMatchObject({ code: 'InvalidArgument' });
      }
    });
  });

  it('is 272 MB, and after the next boot what a client asked for; VMs have the less', async () => {
    const before = (await host.status()).consoleMemory;
    expect(before?.sizeMb).toBe(272);
    const freeBefore = await withVim(async vim => {
      await vim.call(memorySystem, 'ReconfigureServiceConsoleReservation', { cfgBytes: BigInt(400 * MB) });
      const info = await reservation(vim);
      expect(Number(info.serviceConsoleReserved)).toBe(272 * MB);
      expect(Number(info.serviceConsoleReservedCfg)).toBe(400 * MB);
      return Number(info.unreserved);
    });
    const conf = (await host.ssh('cat /etc/vmware/esx.conf')).stdout.toString();
    expect(conf).toContain('/boot/memSize = "400"\n');
    await host.esx(['down']);
    await host.up();
    expect((await host.status()).consoleMemory).toEqual({ ...before, sizeMb: 400 });
    const kernel = await host.kernel();
    const { shmDir } = await kernel.call('hostInfo', {});
    expect(attachStatistics(shmDir).host.hostControl.consoleMemoryMb()).toBe(400);
    await withVim(async vim => {
      const info = await until('figures of this boot', async () => {
        const found = await reservation(vim);
        return Number(found.serviceConsoleReserved) === 400 * MB && found;
      });
      expect(Number(info.serviceConsoleReservedCfg)).toBe(400 * MB);
      expect(Number(info.unreserved)).toBe(freeBefore - 128 * MB);
    });
  }, 120_000);

  it('is the default where an administrator wrote what it cannot be', async () => {
    await host.ssh(`echo '/boot/memSize = "12"' >/etc/vmware/esx.conf`);
    await host.esx(['down']);
    await host.up();
    expect((await host.status()).consoleMemory?.sizeMb).toBe(272);
    expect(readFileSync(join(host.root, 'var/log/init.log'), 'utf8')).toContain('/boot/memSize is no size');
  }, 120_000);
});
