import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManagedObjectReference, type Methods } from '../../../lib/vim/index.js';
import { faultOf, linuxVmx, TestHost } from '../testing/test-host.js';
import { moids } from './moids.js';

let test: TestHost;
let session: string;
let vm: ManagedObjectReference;

beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
  vm = await test.register(session);
});
afterEach(() => test.stop());

type Search = Extract<keyof Methods, `Find${string}`>;
function find<M extends Search>(method: M, args: Methods[M]['args']): Promise<Methods[M]['returns']> {
  return test.call(moids.searchIndex, method, args, { session });
}

const { datacenter } = moids;
/** uuid.bios of the machine's file. */
const uuid = '564d0102-0304-0506-0708-090a0b0c0d0e';
const ghost = new ManagedObjectReference('Datacenter', 'ghost');

describe('SearchIndex', () => {
  it('finds machines and the host by UUID, each only where it is looked for', async () => {
    expect(await find('FindByUuid', { uuid, vmSearch: true })).toEqual(vm);
    expect(await find('FindByUuid', { datacenter, uuid: uuid.toUpperCase(), vmSearch: true })).toEqual(vm);
    expect(await find('FindAllByUuid', { uuid, vmSearch: true })).toEqual([vm]);
    expect(await find('FindByUuid', { uuid, vmSearch: false })).toBeUndefined();
    const hostUuid = String(await test.read(session, moids.host, 'summary.hardware.uuid'));
    expect(await find('FindByUuid', { uuid: hostUuid, vmSearch: false })).toEqual(moids.host);
    expect(await find('FindByUuid', { uuid: hostUuid, vmSearch: true })).toBeUndefined();
    expect(await find('FindAllByUuid', { uuid: 'no uuid at all', vmSearch: true })).toEqual([]);
  });

  it('follows a configuration file that says another UUID and name', async () => {
    const vmx = linuxVmx.replace('"linux"', '"renamed"').replace('56 4d 01 02', '56 4d ff ff');
    test.kernel.putFile('linux/linux.vmx', vmx);
    const vmxPath = `/vmfs/volumes/${test.kernel.volume}/linux/linux.vmx`;
    test.kernel.publish({ topic: 'config', object: vmxPath, event: 'changed' });
    await expect.poll(() => find('FindChild', { entity: moids.vmFolder, name: 'renamed' })).toEqual(vm);
    expect(await find('FindChild', { entity: moids.vmFolder, name: 'linux' })).toBeUndefined();
    expect(await find('FindByUuid', { uuid, vmSearch: true })).toBeUndefined();
    expect(await find('FindByUuid', { uuid: uuid.replace('0102', 'ffff'), vmSearch: true })).toEqual(vm);
  });

  it('finds all machines of one UUID, and none that is not registered any more', async () => {
    test.kernel.putFile('copy/copy.vmx', linuxVmx.replace('"linux"', '"copy"'));
    const copy = await test.register(session, '[storage1] copy/copy.vmx');
    expect(await find('FindAllByUuid', { uuid, vmSearch: true })).toEqual([vm, copy]);
    await test.call(vm, 'UnregisterVM', {}, { session });
    expect(await find('FindAllByUuid', { uuid, vmSearch: true })).toEqual([copy]);
    expect(
      await find('FindByDatastorePath', { datacenter, path: '[storage1] linux/linux.vmx' }),
    ).toBeUndefined();
  });

  it('finds by the path on a datastore, by its label or volume', async () => {
    const paths = ['[storage1] linux/linux.vmx', `[${test.kernel.volume}] linux/linux.vmx`];
    for (const path of paths) expect(await find('FindByDatastorePath', { datacenter, path })).toEqual(vm);
    const search = (path: string) => faultOf(find('FindByDatastorePath', { datacenter, path }));
    expect(await search('[nowhere] linux/linux.vmx')).toBe('InvalidDatastore');
    expect(await search('linux/linux.vmx')).toBe('InvalidDatastorePath');
  });

  it('finds by the place in the inventory and below an entity', async () => {
    const at = (inventoryPath: string) => find('FindByInventoryPath', { inventoryPath });
    expect(await at('ha-datacenter/vm/linux')).toEqual(vm);
    expect(await at('/ha-datacenter/vm/linux/')).toEqual(vm);
    expect(await at('ha-datacenter')).toEqual(datacenter);
    expect(await at('ha-datacenter/host/esx1.local/esx1.local')).toEqual(moids.host);
    expect(await at('ha-datacenter/vm/nothing/below')).toBeUndefined();
    expect(await find('FindChild', { entity: moids.rootFolder, name: 'ha-datacenter' })).toEqual(datacenter);
    expect(await find('FindChild', { entity: vm, name: 'linux' })).toBeUndefined();
    expect(await faultOf(find('FindChild', { entity: ghost, name: 'x' }))).toBe('ManagedObjectNotFound');
  });

  it('finds the host by its name, and no machine by what no guest has told', async () => {
    expect(await find('FindByDnsName', { dnsName: 'ESX1.local', vmSearch: false })).toEqual(moids.host);
    expect(await find('FindAllByDnsName', { dnsName: 'esx1.local', vmSearch: true })).toEqual([]);
    expect(await find('FindByIp', { ip: '10.0.0.1', vmSearch: true })).toBeUndefined();
    expect(await find('FindAllByIp', { ip: '10.0.0.1', vmSearch: true })).toEqual([]);
  });

  it('refuses a datacenter that is none', async () => {
    const scope = { datacenter: ghost, vmSearch: true };
    const searches = [
      find('FindByUuid', { ...scope, uuid }),
      find('FindByIp', { ...scope, ip: '10.0.0.1' }),
      find('FindByDnsName', { ...scope, dnsName: 'a' }),
      find('FindByDatastorePath', { datacenter: ghost, path: '[storage1] linux/linux.vmx' }),
    ];
    for (const search of searches) expect(await faultOf(search)).toBe('ManagedObjectNotFound');
  });
});
