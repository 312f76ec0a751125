import { describe, expect, it } from 'vitest';
import { emptySchedGroupFigures, GroupKind, HostFileWriter, SchedFileWriter } from '../abi/index.js';
import { GroupTable } from './group-table.js';
import { GroupTimes } from './group-times.js';
import { WorldTimes } from './world-times.js';

const ROOT = 0;
const POOL = 1;
const VM = 2;
const OTHER = 3;
const SECOND_US = 1e6;

const fresh = <T>(kind: { SIZE_BYTES: number; stamp(m: ArrayBuffer): void; new (m: ArrayBuffer): T }): T => {
  const memory = new ArrayBuffer(kind.SIZE_BYTES);
  kind.stamp(memory);
  return new kind(memory);
};

/** root ─ pool ─ vm, and another VM beside the pool; one PCPU. */
class Host {
  readonly host = fresh(HostFileWriter);
  readonly sched = fresh(SchedFileWriter);
  readonly groups = new GroupTable(this.host);
  readonly times = new GroupTimes(this.host.group, this.groups.tree);
  readonly vcpusOf = new Float64Array(1024);

  constructor() {
    this.show(ROOT, GroupKind.pool, -1, 1000);
    this.show(POOL, GroupKind.pool, ROOT, 3000);
    this.show(VM, GroupKind.vm, POOL, 1000);
    this.show(OTHER, GroupKind.vm, ROOT, 1000);
    this.vcpusOf[VM] = 1;
    this.vcpusOf[OTHER] = 1;
    this.sync();
  }

  show(row: number, kind: number, parent: number, shares: number): void {
    const { group } = this.host;
    group.setKind(row, kind);
    group.setParentRow(row, parent);
    group.setCpuShares(row, shares);
    group.setCpuMax(row, -1);
    group.setGeneration(row, group.generation(row) + 1);
  }

  sync(): void {
    this.host.hostControl.setGroupCount(4);
    this.times.sync(4);
    this.groups.sync(() => undefined);
  }

  publish(worlds: readonly (readonly [number, WorldTimes])[], nowUs: number): void {
    this.times.begin();
    for (const [row, times] of worlds) this.times.count(row, times);
    this.times.publish(this.sched.schedGroup, nowUs, 1, this.vcpusOf);
  }

  read(row: number): ReturnType<typeof emptySchedGroupFigures> {
    const figures = emptySchedGroupFigures();
    expect(this.sched.schedGroup.read(row, figures)).toBe(true);
    return figures;
  }
}

function ran(us: number): WorldTimes {
  const times = new WorldTimes(0, 1, 0);
  times.advance(SECOND_US, us, 0, 'ready');
  return times;
}

describe('figures of groups', () => {
  it('are sums over worlds and the groups below', () => {
    const host = new Host();
    host.publish(
      [
        [VM, ran(600_000)],
        [OTHER, ran(200_000)],
        [POOL, ran(50_000)],
      ],
      SECOND_US,
    );
    expect(host.read(POOL).runUs).toBe(650_000);
    expect(host.read(ROOT).runUs).toBe(850_000);
    expect(host.read(ROOT).readyUs).toBe(3 * SECOND_US - 850_000);
  });

  it('tell what each would be entitled to if all were busy, and what it used beyond', () => {
    const host = new Host();
    host.publish([], SECOND_US);
    expect(host.read(POOL).guaranteed).toBeCloseTo(0.75);
    expect(host.read(OTHER).guaranteed).toBeCloseTo(0.25);
    host.publish([[OTHER, ran(900_000)]], 2 * SECOND_US);
    expect(host.read(OTHER).extraUs).toBeCloseTo(650_000);
    expect(host.read(VM).extraUs).toBe(0);
  });

  it('keep what worlds and groups used that ended: they never go back', () => {
    const host = new Host();
    const times = ran(600_000);
    host.publish([[VM, times]], SECOND_US);
    host.times.keep(VM, times);
    host.publish([], 2 * SECOND_US);
    expect(host.read(VM).runUs).toBe(600_000);
    host.host.group.setGeneration(VM, 2);
    host.sync();
    host.publish([], 3 * SECOND_US);
    expect(host.read(POOL).runUs).toBe(600_000);
    expect(host.read(ROOT).runUs).toBe(600_000);
    // The next VM in that row starts at nothing.
    host.show(VM, GroupKind.vm, POOL, 1000);
    host.sync();
    host.publish([], 4 * SECOND_US);
    expect(host.read(VM).runUs).toBe(0);
    expect(host.read(POOL).runUs).toBe(600_000);
  });
});
