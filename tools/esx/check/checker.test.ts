import { describe, expect, it } from 'vitest';
import { Checker } from './checker.js';
import type { GroupSample, Snapshot, WorldSample } from './snapshot.js';

const STEP_US = 500_000;

/** Two VMs in a pool on two PCPUs, Linux's CPUs 4 and 5: what each does in half a second, told rightly. */
interface Told {
  readonly run?: number;
  /** Part of the true ready time that is told. */
  readonly readyTold?: number;
  readonly linux?: number;
  /** Linux's clocks are read so long after the publication. */
  readonly lateUs?: number;
  readonly cpu?: number;
  readonly max?: number | null;
  readonly affinity?: bigint;
  /** Part of what its worlds did that the pool is told to have done. */
  readonly poolTold?: number;
}

function check(seconds: number, told: (step: number) => Told): Checker {
  const checker = new Checker();
  const total = { run: 0, ready: 0, linux: 0, pool: 0 };
  for (let step = 0; step <= (seconds * 1e6) / STEP_US; step++) {
    const { run = 0.25, readyTold = 1, linux = run, poolTold = 1, ...rest } = told(step);
    if (step > 0) {
      total.run += run * STEP_US;
      total.ready += (1 - run) * STEP_US * readyTold;
      total.linux += linux * STEP_US;
      total.pool += run * STEP_US * poolTold;
    }
    checker.take(snapshotOf(step, total, rest));
  }
  checker.finish();
  return checker;
}

function snapshotOf(
  step: number,
  { run, ready, linux, pool }: { run: number; ready: number; linux: number; pool: number },
  { cpu = 4, max = null, affinity = 0n, lateUs = 0 }: Told,
): Snapshot {
  const takenUs = 1e9 + step * STEP_US;
  const times = {
    runUs: run,
    readyUs: ready,
    costopUs: 0,
    waitUs: 0,
    usedUs: run,
    limitedUs: 0,
    takenUs,
    generation: 3,
  };
  const world: WorldSample = {
    ...times,
    row: 7,
    worldId: 1034,
    name: 'vmm0:high',
    groupRow: 2,
    createdUs: 0,
    linuxUs: linux,
    linuxAtUs: takenUs + lateUs,
    cpu,
  };
  const groupTimes = { ...times, published: true, affinity: 0n, max: null, processUs: null };
  const groups: GroupSample[] = [
    { ...groupTimes, row: 1, name: 'pool1', parentRow: 0, runUs: pool, usedUs: pool },
    { ...groupTimes, row: 2, name: 'high', parentRow: 1, max, affinity, processUs: linux },
  ];
  return {
    atUs: takenUs,
    endUs: takenUs + lateUs,
    worlds: new Map([[7, world]]),
    groups: new Map(groups.map(group => [group.row, group])),
    cpus: [4, 5],
  };
}

const rules = ({ violations }: Checker): string[] => [...new Set(violations.map(({ rule }) => rule))];

describe('what a host says of its CPUs', () => {
  it('is true when times add up, agree with Linux, and sums are those of their parts', () => {
    const checker = check(12, () => ({ max: 0.26 }));
    expect(checker.violations).toEqual([]);
    expect(checker.judged).toBeGreaterThan(8);
  });

  it('misses one per cent of the ready time', () => {
    const checker = check(12, () => ({ readyTold: 0.99 }));
    expect(rules(checker)).toEqual(['wall']);
    expect(checker.violations[0]?.who).toBe('world 1034 vmm0:high');
  });

  it('says that a world ran when Linux says that it did not', () => {
    expect(rules(check(12, () => ({ linux: 0.22 })))).toEqual(['run']);
  });

  it('allows Linux to be ahead by a slice', () => {
    expect(rules(check(12, step => ({ linux: step === 1 ? 0.29 : 0.25 })))).toEqual([]);
  });

  it('does not know what a thread did between a publication and the late reading of its clock', () => {
    const lateUs = 100_000;
    const late = (at: number) => (step: number) => (step === at ? { linux: 0.41, lateUs } : {});
    expect(rules(check(4, late(8)))).toEqual([]);
    expect(rules(check(4, step => (step === 1 ? { linux: 0.09 } : step === 0 ? { lateUs } : {})))).toEqual(
      [],
    );
    // Read late at the end, a clock cannot be behind; at the start, it cannot be ahead.
    expect(rules(check(4, step => (step === 8 ? { linux: 0.09, lateUs } : {})))).toEqual(['run']);
    expect(rules(check(4, step => (step === 1 ? { linux: 0.41 } : step === 0 ? { lateUs } : {})))).toEqual([
      'run',
    ]);
    expect(rules(check(4, step => (step === 8 ? { linux: 0.6, lateUs } : {})))).toEqual(['run']);
  });

  it('says of a pool what its virtual machines did not', () => {
    const checker = check(12, () => ({ poolTold: 0.99 }));
    expect(rules(checker)).toEqual(['sum']);
    expect(checker.violations[0]?.who).toBe('group pool1');
  });

  it('lets a VM pass its limit in one window of ten seconds', () => {
    expect(rules(check(30, step => ({ max: 0.25, run: step === 33 ? 0.9 : 0.25 })))).toEqual(['limit']);
  });

  it('counts a limit that was lowered from the moment it was lowered', () => {
    expect(rules(check(30, step => ({ max: step < 20 ? 0.5 : 0.1, run: step < 21 ? 0.5 : 0.1 })))).toEqual(
      [],
    );
  });

  it('runs a world on a PCPU that it may not use', () => {
    const checker = check(4, () => ({ affinity: 2n, cpu: 4 }));
    expect(rules(checker)).toEqual(['affinity']);
    expect(checker.violations[0]?.what).toBe("ran on Linux's CPU 4");
  });

  it('leaves a world where it was last while it does not run, and lets it run on until it is told', () => {
    expect(rules(check(4, step => ({ affinity: step < 3 ? 1n : 2n, cpu: step < 4 ? 4 : 5 })))).toEqual([]);
    expect(rules(check(4, step => ({ affinity: 2n, cpu: 4, run: step === 0 ? 0.5 : 0 })))).toEqual([]);
  });
});
