import {
  GroupKind,
  HostFile,
  HostFileWriter,
  MemoryFile,
  MemoryFileWriter,
  SchedFile,
  SchedFileWriter,
  WorldKind,
} from '../../../kernel/abi/index.js';
import type { FigureSources } from '../machine/host-figures.js';
import { bothEnds } from './shared-file.js';

/** What a world did in a second, as shares of it. */
export interface WorldLoad {
  readonly used: number;
  readonly ready?: number;
  readonly wait?: number;
  readonly idle?: number;
  readonly system?: number;
}

const SECOND_US = 1e6;
const GROUP_OF_HOST = 0;

/** The VMkernel's shared memory of a host whose time a test makes pass: two PCPUs of 2000 MHz, machines one by one. */
export class FigureFiles {
  readonly sources: FigureSources;
  readonly #host: HostFileWriter;
  readonly #sched: SchedFileWriter;
  #nowUs = SECOND_US;
  #version = 0;
  #worlds = 0;
  #vms = 0;

  constructor() {
    const [hostWriter, host] = bothEnds(HostFileWriter, HostFile);
    const [schedWriter, sched] = bothEnds(SchedFileWriter, SchedFile);
    const [, memory] = bothEnds(MemoryFileWriter, MemoryFile);
    this.sources = { host, sched, memory };
    this.#host = hostWriter;
    this.#sched = schedWriter;
    hostWriter.hostControl.setPcpuCount(2);
    hostWriter.hostControl.setPcpuMhz(2000);
    hostWriter.hostControl.setBootTimeUs(0);
    this.#putGroup(GROUP_OF_HOST, GroupKind.host, -1);
    this.#putGroup(1, GroupKind.pool, 0);
    this.pass(0, []);
  }

  /** A machine of one virtual CPU whose vmx has a world too. @returns the id of the machine */
  addVm(reservedPcpus = 0): number {
    const { vm, hostControl, group } = this.#host;
    const row = this.#vms++;
    const groupRow = 2 + row;
    this.#putGroup(groupRow, GroupKind.vm, -1);
    group.setCpuMin(groupRow, reservedPcpus);
    vm.setGeneration(row, 1);
    vm.setWorldId(row, 100 + row);
    vm.setGroupRow(row, groupRow);
    vm.setVcpus(row, 1);
    vm.setPoweredOnUs(row, this.#nowUs);
    hostControl.setVmCount(this.#vms);
    this.#addWorld(row, WorldKind.vmx);
    this.#addWorld(row, WorldKind.vmm);
    this.#changed();
    this.pass(0, []);
    return 100 + row;
  }

  /** It ends; its rows are free. */
  dropVm(worldId: number): void {
    this.#host.vm.setGeneration(worldId - 100, 2);
    for (let row = 0; row < this.#worlds; row++)
      if (this.#host.world.vmRow(row) === worldId - 100) this.#host.world.setGeneration(row, 2);
    this.#changed();
  }

  /** Time passes, in which worlds were busy, in the order they came in: a machine's vmx, its virtual CPU, the next machine's. */
  pass(seconds: number, loads: readonly WorldLoad[]): void {
    this.#nowUs += seconds * SECOND_US;
    const us = seconds * SECOND_US;
    loads.forEach((load, row) => {
      this.#grow(row, load, us);
    });
    const used = loads.map(load => load.used * us);
    for (const pcpu of [0, 1]) this.#growPcpu(pcpu, used[pcpu * 2 + 1] ?? 0, us);
    for (let row = 0; row < this.#host.hostControl.groupCount(); row++) {
      const machine = used.slice(2 * (row - 2), 2 * (row - 2) + 2);
      const members = row < 2 ? used : machine;
      this.#growGroup(
        row,
        members.reduce((sum, value) => sum + value, 0),
      );
    }
  }

  #grow(row: number, load: WorldLoad, us: number): void {
    const { schedWorld } = this.#sched;
    schedWorld.beginWrite(row);
    schedWorld.setGeneration(row, this.#host.world.generation(row));
    schedWorld.setUsedUs(row, schedWorld.usedUs(row) + load.used * us);
    schedWorld.setReadyUs(row, schedWorld.readyUs(row) + (load.ready ?? 0) * us);
    schedWorld.setWaitUs(row, schedWorld.waitUs(row) + (load.wait ?? 0) * us);
    schedWorld.setIdleUs(row, schedWorld.idleUs(row) + (load.idle ?? 0) * us);
    schedWorld.setSystemUs(row, schedWorld.systemUs(row) + (load.system ?? 0) * us);
    schedWorld.setTakenUs(row, this.#nowUs);
    schedWorld.endWrite(row);
  }

  #growPcpu(pcpu: number, usedUs: number, us: number): void {
    const { schedPcpu } = this.#sched;
    schedPcpu.beginWrite(pcpu);
    schedPcpu.setUsedUs(pcpu, schedPcpu.usedUs(pcpu) + usedUs);
    schedPcpu.setIdleUs(pcpu, schedPcpu.idleUs(pcpu) + us - usedUs);
    schedPcpu.setTakenUs(pcpu, this.#nowUs);
    schedPcpu.endWrite(pcpu);
  }

  /** Half of what a group used is beyond what it was guaranteed, half of one PCPU. */
  #growGroup(row: number, usedUs: number): void {
    const { schedGroup } = this.#sched;
    schedGroup.beginWrite(row);
    schedGroup.setGeneration(row, this.#host.group.generation(row));
    schedGroup.setGuaranteed(row, 0.5);
    schedGroup.setUsedUs(row, schedGroup.usedUs(row) + usedUs);
    schedGroup.setRunUs(row, schedGroup.runUs(row) + usedUs);
    schedGroup.setExtraUs(row, schedGroup.extraUs(row) + usedUs / 2);
    schedGroup.setTakenUs(row, this.#nowUs);
    schedGroup.endWrite(row);
  }

  #putGroup(row: number, kind: number, poolId: number): void {
    const { group, hostControl } = this.#host;
    group.setGeneration(row, 1);
    group.setKind(row, kind);
    group.setPoolId(row, poolId);
    hostControl.setGroupCount(Math.max(hostControl.groupCount(), row + 1));
  }

  #addWorld(vmRow: number, kind: number): void {
    const { world, hostControl } = this.#host;
    const row = this.#worlds++;
    world.setGeneration(row, 1);
    world.setWorldId(row, 100 + vmRow + 1000 * row);
    world.setVmRow(row, vmRow);
    world.setKind(row, kind);
    hostControl.setWorldCount(this.#worlds);
    this.#sched.schedWorld.beginWrite(row);
    this.#sched.schedWorld.setGeneration(row, 1);
    this.#sched.schedWorld.setCreatedUs(row, this.#nowUs);
    this.#sched.schedWorld.setTakenUs(row, this.#nowUs);
    this.#sched.schedWorld.endWrite(row);
  }

  #changed(): void {
    this.#host.hostControl.setTableVersion(++this.#version);
  }
}
