import { expect, it } from 'vitest';
import {
  HostFile,
  HostFileWriter,
  MemoryFile,
  MemoryFileWriter,
  SchedFile,
  SchedFileWriter,
} from '../../../kernel/abi/index.js';
import { VmFigures } from './vm-figures.js';

interface Stamped<T> {
  readonly SIZE_BYTES: number;
  stamp(memory: ArrayBuffer): void;
  new (memory: ArrayBuffer): T;
}

/** A file of the VMkernel's shared memory, as its writer and its readers have it. */
function file<W, R>(writer: Stamped<W>, reader: new (memory: ArrayBuffer) => R): [W, R] {
  const memory = new ArrayBuffer(writer.SIZE_BYTES);
  writer.stamp(memory);
  return [new writer(memory), new reader(memory)];
}

const seconds = (count: number): number => count * 1e6;

it('tells CPUs and frames of the machine whose world is named, and of no other', () => {
  const [hostWriter, host] = file(HostFileWriter, HostFile);
  const [schedWriter, sched] = file(SchedFileWriter, SchedFile);
  const [memoryWriter, memory] = file(MemoryFileWriter, MemoryFile);
  hostWriter.hostControl.setVmCount(2);
  hostWriter.hostControl.setWorldCount(2);
  const run = (row: number, runUs: number, takenUs: number): void => {
    schedWriter.schedWorld.beginWrite(row);
    schedWriter.schedWorld.setGeneration(row, 1);
    schedWriter.schedWorld.setRunUs(row, runUs);
    schedWriter.schedWorld.setTakenUs(row, takenUs);
    schedWriter.schedWorld.endWrite(row);
  };
  for (const row of [0, 1]) {
    hostWriter.vm.setGeneration(row, 1);
    hostWriter.vm.setWorldId(row, 100 + row);
    hostWriter.vm.setVcpus(row, 1);
    hostWriter.vm.setPoweredOnUs(row, seconds(10));
    hostWriter.world.setGeneration(row, 1);
    hostWriter.world.setVmRow(row, row);
    memoryWriter.memoryVm.beginWrite(row);
    memoryWriter.memoryVm.setGeneration(row, 1);
    memoryWriter.memoryVm.setPrivatePages(row, 1000 * (row + 1));
    memoryWriter.memoryVm.setOverheadPages(row, 24);
    memoryWriter.memoryVm.endWrite(row);
    run(row, seconds(1 + row), seconds(14));
  }
  const figures = new VmFigures({ host, sched, memory });
  expect(figures.use(100)).toEqual({ pcpus: 0.25, hostMemoryBytes: 1024 * 4096 });
  expect(figures.use(101)).toEqual({ pcpus: 0.5, hostMemoryBytes: 2024 * 4096 });
  run(0, seconds(3), seconds(16));
  expect(figures.use(100)?.pcpus).toBe(1);
  run(0, seconds(30), seconds(18));
  expect(figures.use(100)?.pcpus).toBe(1);
  hostWriter.vm.setGeneration(0, 2);
  expect(figures.use(100)).toBeUndefined();
});
