import { beforeEach, describe, expect, it } from 'vitest';
import {
  loadVimSchema,
  ManagedObjectReference,
  type ObjectSpec,
  type ObjectUpdate,
  type PropertyFilterSpec,
  untyped,
  type VirtualMachineConfigInfo,
  type VirtualMachineRuntimeInfo,
} from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import { ObjectRegistry } from '../object/object-registry.js';
import { notSupported } from '../object/vim-fault.js';
import { PropertyFilter } from './property-filter.js';
import { ValueQuota } from './value-quota.js';

const schema = loadVimSchema();
const all = Number.POSITIVE_INFINITY;

/** How often each property of any machine was read. */
let reads: Map<string, number>;

class Machine implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass = machineClass;
  powerState: 'poweredOn' | 'poweredOff' = 'poweredOff';
  bootTime: Date | undefined;
  config: Partial<VirtualMachineConfigInfo> | undefined = {};
  isHidden = false;

  constructor(moid: string) {
    this.ref = new ManagedObjectReference('VirtualMachine', moid);
  }
}

const counted = <T>(name: string, read: (machine: Machine) => T) => {
  return (machine: Machine): T => {
    reads.set(name, (reads.get(name) ?? 0) + 1);
    return read(machine);
  };
};

const machineClass = defineClass<'VirtualMachine', Machine>('VirtualMachine', {
  properties: {
    name: counted('name', machine => {
      if (machine.isHidden) throw notSupported();
      return machine.ref.value;
    }),
    runtime: counted('runtime', ({ powerState, bootTime }) => {
      return { powerState, bootTime } as VirtualMachineRuntimeInfo;
    }),
    config: counted('config', ({ config }) => config as VirtualMachineConfigInfo | undefined),
  },
  methods: {},
});

class Folder implements ManagedObject {
  readonly ref = new ManagedObjectReference('Folder', 'folder');
  readonly objectClass: ObjectClass = folderClass;
  readonly machines: Machine[] = [];
}

const folderClass = defineClass<'Folder', Folder>('Folder', {
  properties: { childEntity: folder => folder.machines.map(machine => machine.ref) },
  methods: {},
});

let registry: ObjectRegistry;
let folder: Folder;
let told: number;
let quota: ValueQuota;

beforeEach(() => {
  reads = new Map();
  told = 0;
  quota = new ValueQuota();
  registry = new ObjectRegistry();
  folder = new Folder();
  registry.add(folder);
});

function put(moid: string): Machine {
  const machine = new Machine(moid);
  folder.machines.push(machine);
  registry.add(machine);
  registry.listChanged(folder, 'childEntity', { added: [machine.ref] });
  return machine;
}

function filterOf(
  pathSet: string[],
  options: { objects?: ManagedObjectReference[]; partialUpdates?: boolean; reportMissing?: boolean } = {},
): PropertyFilter {
  const selectSet = [{ _type: 'TraversalSpec', type: 'Folder', path: 'childEntity' }];
  const below = { obj: folder.ref, skip: true, selectSet } as ObjectSpec;
  const spec: PropertyFilterSpec = {
    propSet: [{ type: 'VirtualMachine', pathSet }],
    objectSet: options.objects?.map(obj => ({ obj })) ?? [below],
    reportMissingObjectsInResults: options.reportMissing,
  };
  return new PropertyFilter(
    { moid: 'filter', spec, partialUpdates: options.partialUpdates ?? false },
    {
      scope: {
        schema,
        context: { session: undefined, version: '4.1' },
        find: moid => registry.find(moid),
      },
      registry,
      quota,
      destroyed: () => undefined,
      pending: () => {
        told += 1;
      },
    },
  );
}

function take(filter: PropertyFilter, limit = all): ObjectUpdate[] {
  return filter.takeUpdates(limit)?.objectSet ?? [];
}

/** name → operation and plain value, of the one update that there is. */
function changesOf(filter: PropertyFilter): Record<string, unknown> {
  const updates = take(filter);
  expect(updates.length).toBeLessThan(2);
  const changeSet = updates[0]?.changeSet ?? [];
  return Object.fromEntries(changeSet.map(({ name, op, val }) => [name, [op, untyped(val)]]));
}

describe('a change costs what it touches', () => {
  it.each([10, 3000])(
    'of %i objects only the changed one is read, and only its changed properties',
    count => {
      for (let index = 0; index < count; index += 1) put(`vm${index}`);
      const filter = filterOf(['name', 'runtime.powerState']);
      expect(take(filter)).toHaveLength(count);
      expect(reads).toEqual(
        new Map([
          ['name', count],
          ['runtime', count],
        ]),
      );
      reads.clear();
      const [machine] = folder.machines;
      if (machine !== undefined) machine.powerState = 'poweredOn';
      for (const one of folder.machines.slice(0, 1)) registry.changed(one, 'runtime', 'summary');
      expect(changesOf(filter)).toEqual({ 'runtime.powerState': ['assign', 'poweredOn'] });
      expect(reads).toEqual(new Map([['runtime', 1]]));
    },
  );

  it('one more object is read alone', () => {
    for (let index = 0; index < 1000; index += 1) put(`vm${index}`);
    const filter = filterOf(['name']);
    take(filter);
    reads.clear();
    put('one more');
    expect(take(filter)).toMatchObject([{ kind: 'enter', obj: { value: 'one more' } }]);
    expect(reads).toEqual(new Map([['name', 1]]));
  });

  it('of what nobody asked for nobody is told', () => {
    const machine = put('vm');
    const filter = filterOf(['name']);
    take(filter);
    told = 0;
    registry.changed(machine, 'runtime', 'config');
    expect(told).toBe(0);
    expect(filter.hasPending).toBe(false);
    registry.changed(machine, 'name');
    expect(told).toBe(1);
  });
});

describe('updates', () => {
  it('say nothing of an object that came and went before anybody asked', () => {
    const filter = filterOf(['name']);
    const machine = put('vm');
    registry.remove(machine);
    folder.machines.pop();
    registry.listChanged(folder, 'childEntity', { removed: [machine.ref] });
    expect(filter.takeUpdates(all)).toBeUndefined();
  });

  it('tell what changed in an object while nothing led to it', () => {
    const machine = put('vm');
    const filter = filterOf(['runtime.powerState']);
    take(filter);
    registry.listChanged(folder, 'childEntity', { removed: [machine.ref] });
    expect(filter.hasPending).toBe(true);
    machine.powerState = 'poweredOn';
    registry.changed(machine, 'runtime');
    registry.listChanged(folder, 'childEntity', { added: [machine.ref] });
    expect(take(filter)).toMatchObject([{ kind: 'modify', changeSet: [{ name: 'runtime.powerState' }] }]);
  });

  it('tell leaves before enters, so that a moid given again is first taken back', () => {
    const machine = put('vm');
    const filter = filterOf(['name']);
    take(filter);
    registry.remove(machine);
    folder.machines.splice(0);
    put('vm');
    expect(take(filter).map(update => update.kind)).toEqual(['leave', 'enter']);
  });

  it('come in parts of the size that is asked for, each once', () => {
    for (let index = 0; index < 5; index += 1) put(`vm${index}`);
    const filter = filterOf(['name']);
    const parts = [take(filter, 2), take(filter, 2), take(filter, 2)].map(part => part.length);
    expect([parts, filter.hasPending]).toEqual([[2, 2, 1], false]);
  });

  it('name what cannot be read in the missing set, again when it changes', () => {
    const machine = put('vm');
    const filter = filterOf(['name', 'runtime.powerState']);
    machine.isHidden = true;
    expect(take(filter)).toMatchObject([
      { changeSet: [{ name: 'runtime.powerState' }], missingSet: [{ path: 'name' }] },
    ]);
    registry.changed(machine, 'name');
    expect(take(filter)).toEqual([]);
    machine.isHidden = false;
    registry.changed(machine, 'name');
    expect(changesOf(filter)).toEqual({ name: ['assign', 'vm'] });
    machine.isHidden = true;
    registry.changed(machine, 'name');
    expect(take(filter)).toMatchObject([{ kind: 'modify', missingSet: [{ path: 'name' }] }]);
  });
});

const option = (key: string, value: string) => ({ key, value });
const device = (key: number, unitNumber: number) => ({ _type: 'VirtualDevice', key, unitNumber });

describe('partial updates', () => {
  const hardware = (...members: object[]) => ({
    hardware: { numCPU: 1, memoryMB: 64, device: members },
  });

  it('name the nested field and the member by its key', () => {
    const machine = put('vm');
    machine.config = hardware(device(200, 0), device(2000, 0)) as Machine['config'];
    const filter = filterOf(['config', 'runtime'], { partialUpdates: true });
    take(filter);
    machine.config = hardware(device(200, 0), device(2000, 1)) as Machine['config'];
    registry.changed(machine, 'config');
    expect(changesOf(filter)).toEqual({ 'config.hardware.device[2000].unitNumber': ['assign', 1] });
  });

  it('add and remove members, of string keys in quotes', () => {
    const machine = put('vm');
    machine.config = { extraConfig: [option('a', '1'), option('b', '2')] };
    const filter = filterOf(['config.extraConfig'], { partialUpdates: true });
    take(filter);
    machine.config = { extraConfig: [option('b', '3'), option('c', '4')] };
    registry.changed(machine, 'config');
    expect(changesOf(filter)).toEqual({
      'config.extraConfig["a"]': ['remove', undefined],
      'config.extraConfig["b"].value': ['assign', '3'],
      'config.extraConfig["c"]': ['add', option('c', '4')],
    });
  });

  it('assign the whole property without partialUpdates, and an unset field nothing', () => {
    const machine = put('vm');
    machine.bootTime = new Date(0);
    const whole = filterOf(['runtime']);
    const partial = filterOf(['runtime'], { partialUpdates: true });
    take(whole);
    take(partial);
    machine.bootTime = undefined;
    registry.changed(machine, 'runtime');
    expect(Object.keys(changesOf(whole))).toEqual(['runtime']);
    expect(changesOf(partial)).toEqual({ 'runtime.bootTime': ['assign', undefined] });
  });
});

describe('nested paths', () => {
  const path = 'config.extraConfig["a"]';

  it('tell a member that goes as removed, and one that comes as added', () => {
    const machine = put('vm');
    machine.config = { extraConfig: [option('a', '1')] };
    const filter = filterOf([path]);
    expect(changesOf(filter)).toEqual({ [path]: ['assign', option('a', '1')] });
    machine.config = { extraConfig: [] };
    registry.changed(machine, 'config');
    expect(changesOf(filter)).toEqual({ [path]: ['remove', undefined] });
    machine.config = { extraConfig: [option('a', '2')] };
    registry.changed(machine, 'config');
    expect(changesOf(filter)).toEqual({ [path]: ['add', option('a', '2')] });
  });

  it('tell what goes with all around it as removed indirectly, and a field that is unset as assigned nothing', () => {
    const machine = put('vm');
    machine.config = { name: 'a', annotation: 'note', extraConfig: [option('a', '1')] };
    const filter = filterOf(['config.annotation', path, `${path}.value`]);
    take(filter);
    machine.config = { name: 'a', extraConfig: [option('a', '1')] };
    registry.changed(machine, 'config');
    expect(changesOf(filter)).toEqual({ 'config.annotation': ['assign', undefined] });
    machine.config = undefined;
    registry.changed(machine, 'config');
    expect(changesOf(filter)).toEqual({
      [path]: ['indirectRemove', undefined],
      [`${path}.value`]: ['indirectRemove', undefined],
    });
  });
});

describe('objects that are not there', () => {
  const ghost = new ManagedObjectReference('VirtualMachine', 'ghost');

  it('refuse the filter, unless they are to be reported: then once each time they go', () => {
    expect(() => filterOf(['name'], { objects: [ghost] })).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ _type: 'ManagedObjectNotFound' }) }),
    );
    const filter = filterOf(['name'], { objects: [ghost], reportMissing: true });
    const missing = [{ obj: ghost, fault: { fault: { _type: 'ManagedObjectNotFound', obj: ghost } } }];
    expect(filter.takeUpdates(all)).toMatchObject({ missingSet: missing });
    expect(filter.takeUpdates(all)).toBeUndefined();
    const machine = put('ghost');
    expect(take(filter)).toMatchObject([{ kind: 'enter', obj: ghost }]);
    registry.remove(machine);
    expect(filter.takeUpdates(all)).toMatchObject({ objectSet: [{ kind: 'leave' }], missingSet: missing });
  });
});

describe('the room that a user has', () => {
  /** For an object and its name. */
  const nameUnits = 2;

  it('ends what filters tell of, and is free again with what is told no more', () => {
    quota = new ValueQuota(2 * nameUnits);
    for (const moid of ['1', '2', '3']) put(moid);
    const [first, second] = [filterOf(['name']), filterOf(['name'])];
    expect(take(first)).toHaveLength(2);
    expect([first.isStarved, first.hasPending]).toEqual([true, true]);
    expect(take(second)).toEqual([]);
    expect(second.isStarved).toBe(true);
    first.destroy();
    expect(take(second)).toHaveLength(2);
    second.restart();
    expect(take(second)).toHaveLength(2);
    for (const machine of folder.machines.splice(0)) {
      registry.remove(machine);
      registry.listChanged(folder, 'childEntity', { removed: [machine.ref] });
    }
    put('4');
    put('5');
    expect(take(second).map(({ kind }) => kind)).toEqual(['leave', 'leave', 'enter', 'enter']);
    expect([second.isStarved, second.hasPending]).toEqual([false, false]);
  });

  it('is smaller for structures than for numbers and texts', () => {
    quota = new ValueQuota(33);
    put('1');
    expect(take(filterOf(['config']))).toHaveLength(1);
    expect(take(filterOf(['name']))).toHaveLength(0);
    quota = new ValueQuota(3);
    expect(take(filterOf(['runtime.powerState', 'config.annotation']))).toHaveLength(1);
    expect(take(filterOf(['name']))).toHaveLength(0);
  });
});
