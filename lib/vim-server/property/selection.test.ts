import { beforeEach, describe, expect, it } from 'vitest';
import { loadVimSchema, ManagedObjectReference, type TraversalSpec } from '../../vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../object/managed-object.js';
import { ObjectRegistry } from '../object/object-registry.js';
import { Selection } from './selection.js';
import { resolveTraversals } from './traversal.js';

const schema = loadVimSchema();
const context = { session: undefined, version: '4.1' } as const;

/** A pool or a machine of a small world whose lists can be changed and whose reads are counted. */
class Thing implements ManagedObject {
  readonly ref: ManagedObjectReference;
  readonly objectClass: ObjectClass;
  readonly below: Thing[] = [];
  pool: Thing | undefined;

  constructor(type: 'ResourcePool' | 'VirtualMachine', name: string) {
    this.ref = new ManagedObjectReference(type, name);
    this.objectClass = type === 'ResourcePool' ? poolClass : vmClass;
  }
}

let listReads = 0;
const poolClass = defineClass<'ResourcePool', Thing>('ResourcePool', {
  properties: {
    vm: pool => {
      listReads += 1;
      return pool.below.filter(one => one.ref.type === 'VirtualMachine').map(one => one.ref);
    },
    resourcePool: pool => {
      listReads += 1;
      return pool.below.filter(one => one.ref.type === 'ResourcePool').map(one => one.ref);
    },
  },
  methods: {},
});
const vmClass = defineClass<'VirtualMachine', Thing>('VirtualMachine', {
  properties: { resourcePool: vm => vm.pool?.ref },
  methods: {},
});

let registry: ObjectRegistry;
let root: Thing;
let selection: Selection;
let events: string[];

/** Pools below pools, the machines in them, and from a machine back to its pool: two circles. */
const selectSet = [
  {
    _type: 'TraversalSpec',
    name: 'pools',
    type: 'ResourcePool',
    path: 'resourcePool',
    selectSet: [{ name: 'pools' }, { name: 'vms' }],
  },
  {
    _type: 'TraversalSpec',
    name: 'vms',
    type: 'ResourcePool',
    path: 'vm',
    selectSet: [
      {
        _type: 'TraversalSpec',
        type: 'VirtualMachine',
        path: 'resourcePool',
        selectSet: [{ name: 'pools' }, { name: 'vms' }],
      },
    ],
  },
] as TraversalSpec[];

function put(type: 'ResourcePool' | 'VirtualMachine', name: string, parent: Thing): Thing {
  const thing = new Thing(type, name);
  thing.pool = parent;
  parent.below.push(thing);
  registry.add(thing);
  registry.listChanged(parent, type === 'VirtualMachine' ? 'vm' : 'resourcePool', { added: [thing.ref] });
  return thing;
}

/** Ends with the object, its parent and everything below as they are: nobody tells of what is below. */
function take(thing: Thing): void {
  const { pool } = thing;
  pool?.below.splice(pool.below.indexOf(thing), 1);
  registry.remove(thing);
  const property = thing.ref.type === 'VirtualMachine' ? 'vm' : 'resourcePool';
  if (pool !== undefined) registry.listChanged(pool, property, { removed: [thing.ref] });
}

const names = (): string[] => [...selection.objects()].map(one => one.ref.value).sort();

beforeEach(() => {
  registry = new ObjectRegistry();
  root = new Thing('ResourcePool', 'root');
  registry.add(root);
  listReads = 0;
  events = [];
  selection = new Selection({
    scope: { schema, context, find: moid => registry.find(moid) },
    registry,
    starts: [{ moid: 'root', skip: true, traversals: resolveTraversals(schema, selectSet, context) }],
    events: {
      selected: ({ ref }) => events.push(`+${ref.value}`),
      deselected: ({ ref }) => events.push(`-${ref.value}`),
    },
  });
});

describe('a selection that is followed', () => {
  it('takes in what is added at any depth, once, and its circles end', () => {
    const pool = put('ResourcePool', 'p', root);
    put('VirtualMachine', 'a', pool);
    expect(selection.isOutdated).toBe(true);
    selection.refresh();
    // The start is skipped; but a machine leads back to its pool.
    expect(names()).toEqual(['a', 'p']);
    put('VirtualMachine', 'b', root);
    selection.refresh();
    expect(names()).toEqual(['a', 'b', 'p', 'root']);
    expect(events).toEqual(['+p', '+a', '+b', '+root']);
  });

  it('lets go of a circle that only leads to itself', () => {
    const pool = put('ResourcePool', 'p', root);
    const inner = put('ResourcePool', 'q', pool);
    put('VirtualMachine', 'a', inner);
    selection.refresh();
    expect(names()).toEqual(['a', 'p', 'q']);
    root.below.splice(0);
    registry.changed(root, 'resourcePool');
    selection.refresh();
    expect(names()).toEqual([]);
    put('VirtualMachine', 'b', inner);
    expect(selection.isOutdated).toBe(false);
  });

  it('keeps what another way still leads to', () => {
    const [p, q] = [put('ResourcePool', 'p', root), put('ResourcePool', 'q', root)];
    const vm = put('VirtualMachine', 'a', p);
    q.below.push(vm);
    registry.listChanged(q, 'vm', { added: [vm.ref] });
    selection.refresh();
    p.below.splice(0);
    registry.listChanged(p, 'vm', { removed: [vm.ref] });
    selection.refresh();
    expect(names()).toEqual(['a', 'p', 'q']);
    // The machine still says that its pool is p.
    take(p);
    selection.refresh();
    expect(names()).toEqual(['a', 'q']);
  });

  it('meets an object that comes later than its reference, and another one of the same moid', () => {
    const vm = new Thing('VirtualMachine', 'late');
    root.below.push(vm);
    registry.listChanged(root, 'vm', { added: [vm.ref] });
    selection.refresh();
    expect(names()).toEqual([]);
    registry.add(vm);
    selection.refresh();
    expect(names()).toEqual(['late']);
    const other = new Thing('VirtualMachine', 'late');
    registry.remove(vm);
    registry.add(other);
    selection.refresh();
    expect([...selection.objects()]).toEqual([other]);
    expect(events).toEqual(['+late', '-late', '+late']);
  });

  it('reads no list for members that are told, however many there are', () => {
    for (let index = 0; index < 500; index += 1) put('VirtualMachine', `vm${index}`, root);
    selection.refresh();
    const before = listReads;
    const vm = put('VirtualMachine', 'one more', root);
    selection.refresh();
    take(vm);
    selection.refresh();
    expect(names()).toHaveLength(501);
    expect(listReads).toBe(before);
  });

  it('reads the list again when very many members changed since it was last asked', () => {
    for (let index = 0; index < 3000; index += 1) put('VirtualMachine', `vm${index}`, root);
    const before = listReads;
    selection.refresh();
    expect(listReads).toBe(before + 1);
    expect(names()).toHaveLength(3001);
  });

  it('is told of nothing any more once it is closed', () => {
    put('ResourcePool', 'p', root);
    selection.refresh();
    selection.close();
    put('VirtualMachine', 'a', root);
    expect(selection.isOutdated).toBe(false);
  });
});

describe('selection sets', () => {
  const faultOf = (set: object[]): unknown => {
    try {
      resolveTraversals(schema, set as TraversalSpec[], context);
      return undefined;
    } catch (error) {
      return (error as { detail: { _type: string } }).detail._type;
    }
  };

  it.each([
    ['a name that nothing has', [{ name: 'nobody' }], 'InvalidArgument'],
    ['an unknown type', [{ _type: 'TraversalSpec', type: 'Nothing', path: 'vm' }], 'InvalidArgument'],
    [
      'a property of another type',
      [{ _type: 'TraversalSpec', type: 'Folder', path: 'vm' }],
      'InvalidProperty',
    ],
    [
      'a property of a later version',
      [{ _type: 'TraversalSpec', type: 'HostSystem', path: 'answerFileValidationResult' }],
      'InvalidProperty',
    ],
  ])('with %s are refused', (_, set, fault) => {
    expect(faultOf(set)).toBe(fault);
  });
});
