import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ResourceAllocation } from '../../abi/index.js';
import type { Demand, Pools } from './index.js';
import { defaultAllocation } from './pool-checks.js';
import { settingsOf } from './pool-settings.js';
import { FREE, PoolHost } from './testing/pool-host.js';

let host: PoolHost;
beforeEach(() => {
  host = new PoolHost();
});
afterEach(() => host.stop());

const boot = () => host.boot();
const etc = () => join(host.folder, 'etc/vmware');
const conf = () => join(etc(), 'esx.conf');
const create = (pools: Pools, name: string, parentId = 0, cpu: Partial<ResourceAllocation> = {}): number =>
  pools.create({ parentId, name, cpu: { ...FREE, ...cpu }, memory: FREE });
const move = (pools: Pools, poolId: number, moved: readonly number[], vms: readonly string[] = []): void =>
  pools.move({ poolId, pools: moved, vms });
const refusal = (code: string, details: object = {}) =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });
const vm = (name: string, more: Partial<Demand> = {}): Demand => ({
  vmxPath: name,
  cpuMhz: 0,
  memoryMb: 0,
  vcpus: 1,
  affinity: undefined,
  ...more,
});

describe('the tree of pools', () => {
  it('takes 512 pools and 256 children of one, and not one more', () => {
    // All but two of them from a file: 512 calls take their time.
    const tree = boot().tree.copy();
    const usual = { cpu: defaultAllocation('cpu'), memory: defaultAllocation('memory') };
    for (let i = 1; i <= 255; i++) tree.put({ poolId: i, parentId: 0, name: `a${i}`, ...usual });
    for (let i = 256; i <= 510; i++) tree.put({ poolId: i, parentId: 1, name: `b${i}`, ...usual });
    host.esxConf().write(settingsOf(tree));
    const pools = boot();
    create(pools, 'the 256th');
    expect(() => create(pools, 'one more')).toThrow(refusal('LimitExceeded', { limit: 256 }));
    create(pools, 'the 512th', 1);
    expect(pools.list()).toHaveLength(513);
    expect(() => create(pools, 'one more', 2)).toThrow(refusal('LimitExceeded', { limit: 512 }));
    expect(() => move(pools, 1, [], ['/vm.vmx'])).toThrow(refusal('LimitExceeded', { limit: 256 }));
    expect(() => pools.destroy({ poolId: 1 })).toThrow(refusal('LimitExceeded', { limit: 256 }));
    pools.destroy({ poolId: 300 });
    move(pools, 1, [], ['/vm.vmx']);
    expect(boot().list()).toEqual(pools.list());
    expect(host.warnings).toEqual([]);
  });

  it('takes a chain of pools as deep as there can be', () => {
    const pools = boot();
    let parent = 0;
    for (let depth = 0; depth < 40; depth++) parent = create(pools, 'deeper', parent);
    pools.admission.admit(0, vm('/vm', { cpuMhz: 2000 }));
    move(pools, parent, [], ['/vm']);
    expect(pools.list().every(({ cpuUsage }) => cpuUsage.reservationUsed === 2000)).toBe(true);
    expect(() => move(pools, parent, [1])).toThrow(refusal('InvalidArgument', { argument: 'poolId' }));
  });

  it('puts no pool into itself or below itself, and leaves the root alone', () => {
    const pools = boot();
    const a = create(pools, 'a');
    const b = create(pools, 'b', a);
    const before = pools.list();
    expect(() => move(pools, a, [a])).toThrow(refusal('InvalidArgument'));
    expect(() => move(pools, b, [a])).toThrow(refusal('InvalidArgument'));
    expect(() => move(pools, b, [0])).toThrow(refusal('InvalidArgument'));
    expect(() => pools.destroy({ poolId: 0 })).toThrow(refusal('InvalidArgument'));
    expect(() => pools.update({ changes: [{ poolId: 0, name: 'x' }] })).toThrow(refusal('InvalidArgument'));
    expect(() => move(pools, 99, [a])).toThrow(refusal('NotFound', { poolId: 99 }));
    expect(pools.list()).toEqual(before);
  });

  it('has no two siblings of one name, and lets two swap theirs', () => {
    const pools = boot();
    const [a, b] = [create(pools, 'a'), create(pools, 'b')];
    create(pools, 'b', a);
    expect(() => create(pools, 'a')).toThrow(refusal('AlreadyExists', { name: 'a', parentId: 0 }));
    expect(() => move(pools, a, [b])).toThrow(refusal('AlreadyExists', { name: 'b', parentId: a }));
    expect(() => pools.destroy({ poolId: a })).toThrow(refusal('AlreadyExists'));
    expect(() => pools.update({ changes: [{ poolId: a, name: 'b' }] })).toThrow(refusal('AlreadyExists'));
    pools.update({
      changes: [
        { poolId: a, name: 'b' },
        { poolId: b, name: 'a' },
      ],
    }); // prettier-ignore
    expect(pools.list().map(({ name }) => name)).toEqual(['Resources', 'b', 'a', 'b']);
  });

  it.each([
    ['', false],
    ['x'.repeat(80), true],
    ['x'.repeat(81), false],
    ['%2f'.repeat(80), true],
    ['🎿'.repeat(80), true],
    ['a\nb', false],
    ['a\0b', false],
    ['\ud800', false],
    ['"/\\%2F% %zz ü', true],
  ])('takes the name %j: %s', (name, taken) => {
    const pools = boot();
    if (!taken) expect(() => create(pools, name)).toThrow(refusal('InvalidArgument', { argument: 'name' }));
    else {
      create(pools, name);
      expect(boot().list()[1]?.name).toBe(name);
    }
    expect(host.warnings).toEqual([]);
  });

  it.each<[string, Partial<ResourceAllocation>]>([
    ['cpu.reservation', { reservation: -1 }],
    ['cpu.reservation', { reservation: 0.5 }],
    ['cpu.reservation', { reservation: 2 ** 31 }],
    ['cpu.limit', { limit: 0 }],
    ['cpu.limit', { limit: 99, reservation: 100 }],
    ['cpu.limit', { limit: Number.NaN }],
    ['cpu.shares', { shares: 0, level: 'custom' }],
    ['cpu.shares', { shares: 1_000_001, level: 'custom' }],
  ])('refuses a bad %s', (argument, cpu) => {
    expect(() => create(boot(), 'x', 0, cpu)).toThrow(refusal('InvalidArgument', { argument }));
  });
});

describe('reservations of pools', () => {
  it('are refused beyond what the host has, all changes of a call or none', () => {
    const pools = boot();
    const a = create(pools, 'a', 0, { reservation: 3000 });
    expect(() => create(pools, 'b', 0, { reservation: 841 })).toThrow(
      refusal('InsufficientCpu', { poolId: 0, neededMhz: 841, availableMhz: 840 }),
    );
    const b = create(pools, 'b', 0, { reservation: 840 });
    const before = pools.list();
    const changes = [
      { poolId: b, name: 'changed', cpu: { ...FREE, reservation: 1000 } },
      { poolId: a, cpu: { ...FREE, reservation: 2841 } },
    ];
    expect(() => pools.update({ changes })).toThrow(refusal('InsufficientCpu'));
    const memory = { ...FREE, reservation: 8001 };
    expect(() => pools.update({ changes: [{ poolId: a, memory }] })).toThrow(
      refusal('InsufficientMemory', { poolId: 0, neededKb: 8001 * 1024, availableKb: 8000 * 1024 }),
    );
    expect(pools.list()).toEqual(before);
  });

  it('bind VMs in them, running ones that are moved included', () => {
    const pools = boot();
    const small = create(pools, 'small', 0, { reservation: 500, expandable: false });
    pools.admission.admit(0, vm('/a', { cpuMhz: 400 }));
    pools.admission.admit(1, vm('/b', { cpuMhz: 400 }));
    move(pools, small, [], ['/a']);
    expect(() => move(pools, small, [], ['/b'])).toThrow(
      refusal('InsufficientCpu', { poolId: small, neededMhz: 400, availableMhz: 100 }),
    );
    expect(() => pools.admission.admit(0, vm('/a', { cpuMhz: 501 }))).toThrow(
      refusal('InsufficientCpu', { poolId: small, neededMhz: 501, availableMhz: 500 }),
    );
    expect(pools.admission.demandOf(0)?.cpuMhz).toBe(400);
    const found = pools.list();
    expect(found[1]).toMatchObject({ vms: ['/a'], cpuUsage: { reservationUsed: 400, unreservedForVm: 100 } });
    expect(found[0]).toMatchObject({
      vms: ['/b'],
      cpuUsage: { reservationUsed: 900, reservationUsedForVm: 800, unreservedForPool: 2940 },
    });
    pools.destroy({ poolId: small });
    expect(pools.list()[0]?.cpuUsage).toMatchObject({ reservationUsed: 800, unreservedForPool: 3040 });
  });

  it('are not changed when esx.conf cannot be written', () => {
    const followed: string[] = [];
    host.follow = () => void followed.push('x');
    const pools = boot();
    const a = create(pools, 'a');
    const before = pools.list();
    rmSync(join(host.folder, 'etc'), { recursive: true });
    expect(() => create(pools, 'b', a)).toThrow(refusal('IoError'));
    expect(pools.list()).toEqual(before);
    expect(followed).toHaveLength(4);
  });
});

describe('power-on', () => {
  it('is refused beyond the virtual CPUs that the host runs, any mix of VMs', () => {
    const { admission } = boot();
    for (let row = 0; row < 124; row++) admission.admit(row, vm(`/${row}`));
    admission.admit(124, vm('/smp', { vcpus: 4 }));
    expect(() => admission.admit(125, vm('/129th'))).toThrow(
      refusal('TooManyVcpus', { max: 128, count: 1, poweredOn: 128 }),
    );
    host.maxVcpus = 192;
    for (let row = 125; row < 189; row++) admission.admit(row, vm(`/${row}`));
    expect(() => admission.admit(189, vm('/193rd'))).toThrow(refusal('TooManyVcpus', { max: 192 }));
  });

  it('is refused for more than virtual CPUs can use, and PCPU by PCPU under affinity', () => {
    const { admission } = boot();
    expect(() => admission.admit(0, vm('/a', { cpuMhz: 2001 }))).toThrow(
      refusal('InsufficientCpu', { neededMhz: 2001, availableMhz: 2000 }),
    );
    admission.admit(0, vm('/a', { cpuMhz: 1600, affinity: [1] }));
    expect(() => admission.admit(1, vm('/b', { cpuMhz: 1600, affinity: [1] }))).toThrow(
      refusal('InsufficientCpu', { neededMhz: 1600, availableMhz: 400, pcpus: [1] }),
    );
    expect(() => admission.admit(1, vm('/b', { cpuMhz: 1841, affinity: [0] }))).toThrow(
      refusal('InsufficientCpu', { availableMhz: 1840 }),
    );
    admission.admit(1, vm('/b', { cpuMhz: 1600, affinity: [0, 1] }));
    expect(() => admission.admit(2, vm('/c', { affinity: [0, 2] }))).toThrow(
      refusal('InvalidVmx', { key: 'sched.cpu.affinity', pcpu: 2 }),
    );
  });
});

describe('a damaged esx.conf', () => {
  it('is told of where its lines are no settings at all', () => {
    damaged('\u0001\u0002 garbage\n');
    expect(host.warnings).toEqual([expect.stringContaining('1 of its lines are no settings')]);
  });

  const damaged = (text: string): Pools => {
    const pools = boot();
    for (const name of ['one', 'two', 'three']) create(pools, name);
    move(pools, 2, [3], ['/vm']);
    writeFileSync(conf(), `${readFileSync(conf(), 'utf8')}${text}`);
    host.warnings.length = 0;
    return boot();
  };
  const shape = (pools: Pools) =>
    pools.list().map(({ poolId, parentId, name }) => `${poolId} ${parentId} ${name}`);

  it.each([
    ['/resourcePool/pool[0002]/parent = "77"', 'pool[0002]/parent names no resource pool (77)'],
    ['/resourcePool/pool[0002]/parent = "x"', 'pool[0002]/parent is no whole number ("x")'],
    ['/resourcePool/pool[0002]/cpu/shares = "many"', 'pool[0002]/cpu/shares is no whole number ("many")'],
    ['/resourcePool/pool[0002]/memory/expandable = "maybe"', 'memory/expandable is neither TRUE nor FALSE'],
    ['/resourcePool/pool[0002]/cpu/limit = "0"', 'pool[0002]/cpu cpu limit: 0 is no whole number'],
    ['/resourcePool/vm[0000]/pool = "9"', 'vm[0000]/pool names no resource pool (9)'],
  ])('with %s loses no pool: the log names it and the file is kept', (line, problem) => {
    const pools = damaged(`${line}\n`);
    expect(shape(pools)).toEqual(['0 -1 Resources', '1 0 one', '2 0 two', '3 2 three']);
    expect(host.warnings[0]).toContain(problem);
    const copy = readdirSync(etc()).find(name => name.startsWith('esx.conf.damaged-'));
    expect(readFileSync(join(etc(), copy ?? ''), 'utf8')).toContain(line);
    host.warnings.length = 0;
    expect(boot().list()).toEqual(pools.list());
    expect(host.warnings).toEqual([]);
  });

  it('that puts pools below each other brings one of them to the root', () => {
    const pools = damaged('/resourcePool/pool[0002]/parent = "3"\n');
    expect(shape(pools).sort()).toEqual(['0 -1 Resources', '1 0 one', '2 0 two', '3 2 three']);
  });

  it('with names that siblings share, or none at all, gives them others', () => {
    const pools = damaged('/resourcePool/pool[0002]/name = "one"\n/resourcePool/pool[0003]/name = ""\n');
    expect(shape(pools)).toEqual(['0 -1 Resources', '1 0 one', '2 0 pool2', '3 2 pool3']);
  });

  it('that forgot which ids were used never gives one of a pool that is there', () => {
    const pools = damaged('/resourcePool/nextId = "1"\n');
    expect(create(pools, 'next')).toBe(4);
  });

  it('keeps every line that is none of the pools', () => {
    const pools = damaged('# by hand\n/adv/Mem/IdleTax = "75"\nnonsense\n/resourcePool/odd = "1"\n');
    create(pools, 'four');
    pools.destroy({ poolId: 1 });
    const text = readFileSync(conf(), 'utf8');
    expect(text).toContain('# by hand\n/adv/Mem/IdleTax = "75"\nnonsense\n/resourcePool/odd = "1"\n');
    expect(text).not.toContain('pool[0001]');
  });

  it('larger than any esx.conf is read as far as it goes and never written over', () => {
    const pools = damaged(`${'#'.repeat(4 << 20)}\n`);
    expect(shape(pools)).toHaveLength(4);
    expect(() => create(pools, 'four')).toThrow(refusal('InvalidState'));
    expect(readFileSync(conf(), 'utf8').length).toBeGreaterThan(4 << 20);
  });
});
