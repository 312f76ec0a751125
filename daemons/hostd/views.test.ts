import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ManagedObjectReference,
  type ObjectUpdate,
  type PropertyFilterSpec,
  type TraversalSpec,
} from '../../lib/vim/index.js';
import { moids } from './mo/moids.js';
import { faultOf, linuxVmx, TestHost } from './testing/test-host.js';

let test: TestHost;
let session: string;
const { viewManager } = moids;
const call = {
  get session() {
    return session;
  },
};

beforeEach(async () => {
  test = await TestHost.start();
  session = await test.login();
});
afterEach(() => test.stop());

async function register(name: string): Promise<ManagedObjectReference> {
  const uuid = `56 4d 00 00 00 00 00 00-00 00 00 00 00 00 ${Buffer.from(name).toString('hex').slice(0, 2)} 01`;
  const vmx = linuxVmx.replace('"linux"', `"${name}"`).replace(/uuid.bios = .*/, `uuid.bios = "${uuid}"`);
  test.kernel.putFile(`${name}/${name}.vmx`, vmx);
  return await test.register(session, `[storage1] ${name}/${name}.vmx`);
}

const shown = async (view: ManagedObjectReference): Promise<string[]> => {
  const refs = ((await test.read(session, view, 'view')) ?? []) as ManagedObjectReference[];
  return refs.map(ref => ref.value).sort();
};

/** Follows a view's members by a filter, as clients do. @returns gives the updates since the last time */
async function follow(view: ManagedObjectReference): Promise<() => Promise<ObjectUpdate[]>> {
  const throughView: TraversalSpec = { _type: 'TraversalSpec', type: 'ManagedObjectView', path: 'view' };
  const spec: PropertyFilterSpec = {
    propSet: [{ type: 'ManagedEntity', all: false, pathSet: ['name'] }],
    objectSet: [{ obj: view, skip: true, selectSet: [throughView] }],
  };
  const collector = await test.call(moids.propertyCollector, 'CreatePropertyCollector', {}, call);
  await test.call(collector, 'CreateFilter', { spec, partialUpdates: false }, call);
  let version = '';
  return async () => {
    const set = await test.call(collector, 'CheckForUpdates', { version }, call);
    version = set?.version ?? version;
    return (set?.filterSet ?? []).flatMap(filter => filter.objectSet ?? []);
  };
}

const seen = (updates: ObjectUpdate[]): string[] => {
  return updates.map(({ kind, obj }) => `${kind} ${obj.value}`).sort();
};

describe('a ContainerView', () => {
  const create = (container: ManagedObjectReference, type: string[] | undefined, recursive: boolean) => {
    return test.call(viewManager, 'CreateContainerView', { container, type, recursive }, call);
  };

  it('without recursion shows what is directly below its container', async () => {
    const vm = await register('a');
    expect(await shown(await create(moids.vmFolder, undefined, false))).toEqual([vm.value]);
    expect(await shown(await create(moids.rootFolder, undefined, false))).toEqual([moids.datacenter.value]);
    const below = [moids.host.value, moids.rootPool.value].sort();
    expect(await shown(await create(moids.computeResource, undefined, false))).toEqual(below);
    expect(await shown(await create(moids.rootFolder, ['VirtualMachine'], false))).toEqual([]);
  });

  it('honours base types and shows each entity once', async () => {
    const vm = await register('a');
    const all = await shown(await create(moids.rootFolder, ['ManagedEntity'], true));
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(await shown(await create(moids.rootFolder, [], true)));
    const two = await shown(await create(moids.rootFolder, ['VirtualMachine', 'HostSystem'], true));
    expect(two).toEqual([vm.value, moids.host.value].sort());
  });

  it('is followed by many sessions, and each is told once of what comes and goes', async () => {
    const view = await create(moids.rootFolder, ['VirtualMachine'], true);
    const other = await create(moids.rootPool, ['VirtualMachine'], true);
    const [updates, updatesOfOther] = [await follow(view), await follow(other)];
    expect(seen(await updates())).toEqual([]);
    const vm = await register('a');
    expect(seen(await updates())).toEqual([`enter ${vm.value}`]);
    expect(seen(await updatesOfOther())).toEqual([`enter ${vm.value}`]);
    await test.call(vm, 'UnregisterVM', {}, call);
    expect(seen(await updates())).toEqual([`leave ${vm.value}`]);
    expect(seen(await updates())).toEqual([]);
  });

  it('that is destroyed is no more, and what it showed leaves', async () => {
    const vm = await register('a');
    const view = await create(moids.rootFolder, ['VirtualMachine'], true);
    const updates = await follow(view);
    expect(seen(await updates())).toEqual([`enter ${vm.value}`]);
    await test.call(view, 'DestroyView', {}, call);
    expect(seen(await updates())).toEqual([`leave ${vm.value}`]);
    expect(await faultOf(test.call(view, 'DestroyView', {}, call))).toBe('ManagedObjectNotFound');
  });

  it('is refused for what holds nothing and for types that do not exist', async () => {
    const vm = await register('a');
    expect(await faultOf(create(vm, undefined, true))).toBe('InvalidArgument');
    expect(await faultOf(create(moids.rootFolder, ['Nothing'], true))).toBe('InvalidArgument');
    const ghost = new ManagedObjectReference('Folder', 'ghost');
    expect(await faultOf(create(ghost, undefined, true))).toBe('ManagedObjectNotFound');
  });
});

describe('a ListView', () => {
  it('is modified and reset, and says which references name nothing', async () => {
    const vm = await register('a');
    const ghost = new ManagedObjectReference('VirtualMachine', 'ghost');
    const view = await test.call(viewManager, 'CreateListView', { obj: [moids.host, ghost] }, call);
    expect(await shown(view)).toEqual([moids.host.value]);
    const updates = await follow(view);
    expect(seen(await updates())).toEqual([`enter ${moids.host.value}`]);
    const modify = { add: [vm, ghost], remove: [moids.host] };
    expect(await test.call(view, 'ModifyListView', modify, call)).toEqual([ghost]);
    expect(seen(await updates())).toEqual([`enter ${vm.value}`, `leave ${moids.host.value}`].sort());
    await test.call(view, 'ResetListView', { obj: [vm, moids.datacenter] }, call);
    expect(seen(await updates())).toEqual([`enter ${moids.datacenter.value}`]);
    await test.call(view, 'ResetListView', {}, call);
    expect(await shown(view)).toEqual([]);
  });

  it('takes over what another view shows', async () => {
    const vm = await register('a');
    const args = { container: moids.rootFolder, type: ['VirtualMachine'], recursive: true };
    const container = await test.call(viewManager, 'CreateContainerView', args, call);
    const list = await test.call(viewManager, 'CreateListViewFromView', { view: container }, call);
    expect(await shown(list)).toEqual([vm.value]);
    const other = await test.call(viewManager, 'CreateListView', { obj: [moids.host] }, call);
    await test.call(list, 'ResetListViewFromView', { view: other }, call);
    expect(await shown(list)).toEqual([moids.host.value]);
    const noView = test.call(list, 'ResetListViewFromView', { view: moids.host }, call);
    expect(await faultOf(noView)).toBe('InvalidArgument');
  });

  it('lets go of an object that is no more', async () => {
    const vm = await register('a');
    const view = await test.call(viewManager, 'CreateListView', { obj: [vm, moids.host] }, call);
    await test.call(vm, 'UnregisterVM', {}, call);
    expect(await shown(view)).toEqual([moids.host.value]);
  });
});

describe('an InventoryView', () => {
  it('shows the root and what is below the entities that are open', async () => {
    const view = await test.call(viewManager, 'CreateInventoryView', {}, call);
    expect(await shown(view)).toEqual([moids.rootFolder.value]);
    const open = (...entity: ManagedObjectReference[]) => {
      return test.call(view, 'OpenInventoryViewFolder', { entity }, call);
    };
    // What is not shown cannot be opened.
    expect(await open(moids.vmFolder)).toEqual([moids.vmFolder]);
    expect((await open(moids.rootFolder, moids.datacenter, moids.vmFolder)) ?? []).toEqual([]);
    const updates = await follow(view);
    const first = seen(await updates());
    expect(first).toContain(`enter ${moids.vmFolder.value}`);
    expect(first).not.toContain(`enter ${moids.host.value}`);
    const vm = await register('a');
    expect(seen(await updates())).toEqual([`enter ${vm.value}`]);
    const close = { entity: [moids.datacenter, moids.host] };
    expect(await test.call(view, 'CloseInventoryViewFolder', close, call)).toEqual([moids.host]);
    expect(await shown(view)).toEqual([moids.datacenter.value, moids.rootFolder.value].sort());
    expect(seen(await updates())).toContain(`leave ${vm.value}`);
  });
});

describe('viewList', () => {
  it("is the session's own, and its views end with it", async () => {
    const view = await test.call(viewManager, 'CreateListView', { obj: [moids.host] }, call);
    expect(await test.read(session, viewManager, 'viewList')).toEqual([view]);
    const other = await test.login();
    expect(await test.read(other, viewManager, 'viewList')).toEqual([]);
    expect(await faultOf(test.call(view, 'DestroyView', {}, { session: other }))).toBe(
      'ManagedObjectNotFound',
    );
  });
});
