import { describe, expect, it } from 'vitest';
import {
  CpuUnits,
  GroupKind,
  HostFileWriter,
  HtSharing,
  MemoryFileWriter,
  SchedFileWriter,
  StorageFileWriter,
  WorldKind,
  WorldState,
} from '../../kernel/abi/index.js';
import type { Place } from './tree.js';
import type { VmkernelCalls } from './vmkernel-link.js';
import { vmwareTree } from './vmware-tree.js';

/** A host of two PCPUs of 2000 MHz: pool `gold` with VM `a b` in it, whose monitor ran 2 of 8 seconds. */
class TestHost {
  readonly host = new HostFileWriter(stamped(HostFileWriter));
  readonly sched = new SchedFileWriter(stamped(SchedFileWriter));
  readonly asked: unknown[] = [];
  readonly root: Place;

  constructor() {
    const { host } = this;
    host.hostControl.setPcpuCount(2);
    host.hostControl.setPcpuMhz(2000);
    host.pcpu.setCore(1, 1);
    this.#group(0, 0, 'host', GroupKind.host, -1);
    this.#group(1, 17, 'gold', GroupKind.pool, 0);
    this.#group(2, 18, 'a b', GroupKind.vm, 1);
    host.hostControl.setGroupCount(3);
    host.group.setCpuShares(2, 1500);
    host.group.setCpuMin(2, 0.25);
    host.group.setCpuMax(1, 1.5);
    host.group.setCpuExpandable(1, 1);
    host.group.setAffinityLow(2, 2);
    host.group.setHtSharing(2, HtSharing.internal);
    host.vm.setWorldId(0, 1033);
    host.vm.setGroupRow(0, 2);
    host.vm.setName(0, 'a b');
    host.vm.setGeneration(0, 1);
    host.hostControl.setVmCount(1);
    host.world.setWorldId(0, 1034);
    host.world.setGroupRow(0, 2);
    host.world.setKind(0, WorldKind.vmm);
    host.world.setPcpu(0, -1);
    host.world.setName(0, 'vmm0:a b');
    host.world.setGeneration(0, 1);
    host.hostControl.setWorldCount(1);
    this.#publish();
    const vmkernel: VmkernelCalls = {
      call: async (name, args) => {
        this.asked.push([name, args]);
        const vms = [{ worldId: 1033, vmxPath: '/vmfs/volumes/1/a/a.vmx' }];
        return { vms } as unknown as never;
      },
    };
    const memory = new MemoryFileWriter(stamped(MemoryFileWriter));
    const storage = new StorageFileWriter(stamped(StorageFileWriter));
    this.root = vmwareTree({
      statistics: { host, sched: this.sched, memory, storage },
      version: 'test',
      vmkernel,
      nowUs: () => 10e6,
    });
  }

  place(path: string): Place {
    let at: Place | undefined = this.root;
    for (const name of path.split('/')) at = at?.kind === 'folder' ? at.child(name) : undefined;
    if (at === undefined) throw new Error(`there is no ${path}`);
    return at;
  }

  text(path: string): string {
    const place = this.place(path);
    return place.kind === 'file' ? place.text() : '';
  }

  /** The row of a table whose first column is `key`, by its titles. */
  row(path: string, key: string): Record<string, string> {
    const [titles = [], ...rows] = this.text(path)
      .trim()
      .split('\n')
      .map(line => line.trim().split(/ +/));
    const found = rows.find(cells => cells[0] === key) ?? [];
    expect(found).toHaveLength(titles.length);
    return Object.fromEntries(titles.map((title, i) => [title, found[i] ?? '']));
  }

  #group(row: number, id: number, name: string, kind: number, parent: number): void {
    const { group } = this.host;
    group.setGroupId(row, id);
    group.setName(row, name);
    group.setKind(row, kind);
    group.setParentRow(row, parent);
    group.setCpuMax(row, -1);
    group.setGeneration(row, 1);
  }

  #publish(): void {
    const { schedWorld, schedGroup } = this.sched;
    schedWorld.beginWrite(0);
    schedWorld.setGeneration(0, 1);
    schedWorld.setState(0, WorldState.ready);
    schedWorld.setCreatedUs(0, 2e6);
    schedWorld.setUsedUs(0, 2.5e6);
    schedWorld.setRunUs(0, 2e6);
    schedWorld.setSystemUs(0, 0.5e6);
    schedWorld.setGuestKernelUs(0, 1.25e6);
    schedWorld.setTakenUs(0, 10e6);
    schedWorld.endWrite(0);
    schedGroup.beginWrite(2);
    schedGroup.setGeneration(2, 1);
    schedGroup.setGuaranteed(2, 0.75);
    schedGroup.setUsedUs(2, 3e6);
    schedGroup.setTakenUs(2, 10e6);
    schedGroup.endWrite(2);
  }
}

function stamped(file: { readonly SIZE_BYTES: number; stamp(memory: ArrayBuffer): void }): ArrayBuffer {
  const memory = new ArrayBuffer(file.SIZE_BYTES);
  file.stamp(memory);
  return memory;
}

describe('/proc/vmware/sched', () => {
  it('shows worlds with what their group may use', () => {
    const host = new TestHost();
    expect(host.row('sched/cpu', '1034')).toMatchObject({
      ...{ vm: '1033', type: 'V', name: 'vmm0:a_b', uptime: '8.000', status: 'READY', usedsec: '2.500' },
      ...{ syssec: '0.500', affinity: '1', htsharing: 'internal', min: '500', max: 'unlimited' },
      ...{ units: 'mhz', shares: '1500', group: 'a_b', emin: '1500' },
    });
    expect(host.row('sched/cpu-verbose', '1034')).toMatchObject({ runsec: '2.000', guestkernelsec: '1.250' });
    expect(host.text('vm/1033/cpu/status')).toBe(host.text('sched/cpu'));
  });

  it('shows groups as the tree that they are, and what is not measured as such', () => {
    const host = new TestHost();
    expect(host.row('sched/groups', '18')).toMatchObject({
      ...{ parent: '17', name: 'a_b', worlds: '1', min: '500', emin: '1500', usedsec: '3.000' },
    });
    expect(host.row('sched/groups', '17')).toMatchObject({
      ...{ parent: '0', max: '3000', minlimit: 'unlimited', emin: '-', usedsec: '-' },
    });
  });

  it('speaks of a group in the units of its administrator', () => {
    const host = new TestHost();
    host.host.group.setCpuUnits(2, CpuUnits.percent);
    expect(host.row('sched/groups', '18')).toMatchObject({ min: '25', units: 'pct', emin: '75' });
  });

  it('counts what the machine has', () => {
    expect(new TestHost().text('sched/ncpus')).toBe('2 pcpus\n2 cores\n1 packages\n1 nodes\n');
  });
});

describe('/proc/vmware/vm/<world id>/cpu', () => {
  const write = (host: TestHost, file: string, text: string): Promise<void> => {
    const place = host.place(`vm/1033/cpu/${file}`);
    if (place.kind !== 'file' || place.write === undefined) throw new Error('nobody may write it');
    return place.write(text);
  };

  it.each([
    ['shares', 'high\n', 'sched.cpu.shares', 'high'],
    ['min', '300\n', 'sched.cpu.min', '300'],
    ['max', 'unlimited\n', 'sched.cpu.max', '-1'],
    ['affinity', '0,1', 'sched.cpu.affinity', '0,1'],
    ['htsharing', ' None ', 'sched.cpu.htsharing', 'none'],
  ])('%s: reconfigures the VM', async (file, text, key, value) => {
    const host = new TestHost();
    await write(host, file, text);
    expect(host.asked).toEqual([
      ['listVms', {}],
      ['reconfigure', { vmxPath: '/vmfs/volumes/1/a/a.vmx', changes: { settings: { [key]: value } } }],
    ]);
  });

  it.each([
    ['shares', '-5'],
    ['shares', ''],
    ['min', '1e3'],
    ['max', 'x\ny'],
    ['affinity', '0;1'],
    ['htsharing', 'some'],
  ])('%s: refuses %j without asking', async (file, text) => {
    const host = new TestHost();
    await expect(write(host, file, text)).rejects.toMatchObject({ name: 'WriteRefused', errno: 22 });
    expect(host.asked).toEqual([]);
  });

  it('says so when the VMkernel knows no such VM', async () => {
    const host = new TestHost();
    host.host.vm.setWorldId(0, 1040);
    const place = host.place('vm/1040/cpu/shares');
    if (place.kind !== 'file' || place.write === undefined) throw new Error('nobody may write it');
    await expect(place.write('5')).rejects.toMatchObject({ errno: 2 });
  });
});
