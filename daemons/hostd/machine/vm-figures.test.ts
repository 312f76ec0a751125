import { expect, it } from 'vitest';
import {
  HostFile,
  HostFileWriter,
  MemoryFile,
  MemoryFileWriter,
  SchedFile,
  SchedFileWriter,
} from '../../../kernel/abi/index.js';
import { bothEnds } from '../testing/shared-file.js';
import { VmFigures } from './vm-figures.js';

const seconds = (count: number): number => count * 1e6;

it('tells CPUs and frames of the machine whose world is named, and of no other', () => {
  const [hostWriter, host] = bothEnds(HostFileWriter, HostFile);
  const [schedWriter, sched] = bothEnds(SchedFileWriter, SchedFile);
  const [memoryWriter, memory] = bothEnds(MemoryFileWriter, MemoryFile);
  hostWriter.hostControl.setVmCount(2);
  hostWriter.hostControl.setWorldCount(2);
  const run = (row: number, usedUs: number, takenUs: number): void => {
    schedWriter.schedWorld.beginWrite(row);
    schedWriter.schedWorld.setGeneration(row, 1);
    schedWriter.schedWorld.setUsedUs(row, usedUs);
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
