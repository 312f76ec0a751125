import { closeSync, openSync, readSync } from 'node:fs';
import type { SchedControlWriter, SchedPcpuWriter } from '../abi/index.js';
import type { Pcpu } from './policy/index.js';
import type { Vcpu } from './vcpu.js';

const PROC_STAT_BYTES = 16_384;
const TICK_US = 10_000;
const DECAYS_S = [60, 300, 900] as const;

/** How much each PCPU was used, by Linux's own count, and the load averages made from what worlds asked for. */
export class MachineLoad {
  readonly #buffer = Buffer.alloc(PROC_STAT_BYTES);
  readonly #fd = openSync('/proc/stat', 'r');
  readonly #usedUs = new Map<number, number>();
  readonly #idleUs = new Map<number, number>();
  /** Used by others than VMs. */
  readonly #otherUs = new Map<number, number>();
  readonly #base = new Map<number, { used: number; idle: number }>();
  readonly #loads = [0, 0, 0];
  #demandUs = -1;
  #takenUs = 0;

  constructor(private readonly pcpus: readonly Pcpu<Vcpu>[]) {}

  close(): void {
    closeSync(this.#fd);
  }

  idleUs(pcpu: number): number {
    return this.#idleUs.get(pcpu) ?? 0;
  }

  read(): void {
    const text = this.#buffer.toString('latin1', 0, readSync(this.#fd, this.#buffer, 0, PROC_STAT_BYTES, 0));
    for (const pcpu of this.pcpus) {
      const line = new RegExp(`^cpu${pcpu.cpu} (.*)$`, 'm').exec(text)?.[1];
      if (line === undefined) continue;
      const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0] = line
        .split(' ')
        .map(Number);
      const used = (user + nice + system + irq + softirq) * TICK_US;
      const rest = (idle + iowait) * TICK_US;
      const base = this.#base.get(pcpu.number) ?? { used, idle: rest };
      this.#base.set(pcpu.number, base);
      this.#usedUs.set(pcpu.number, used - base.used);
      this.#idleUs.set(pcpu.number, rest - base.idle);
    }
  }

  publishPcpus(table: SchedPcpuWriter, nowUs: number): void {
    for (const pcpu of this.pcpus) {
      const row = pcpu.number;
      table.beginWrite(row);
      table.setCpu(row, pcpu.cpu);
      const usedUs = this.#usedUs.get(row) ?? 0;
      const otherUs = Math.max(this.#otherUs.get(row) ?? 0, usedUs - pcpu.chargedUs);
      this.#otherUs.set(row, otherUs);
      table.setWorldRow(row, pcpu.run?.owner.row ?? -1);
      table.setUsedUs(row, usedUs);
      table.setOtherUs(row, otherUs);
      table.setIdleUs(row, this.#idleUs.get(row) ?? 0);
      table.setDelivered(row, pcpu.delivered);
      table.setTakenUs(row, nowUs);
      table.endWrite(row);
    }
  }

  /** @param demandUs time that worlds ran or were ready, since boot */
  average(demandUs: number, nowUs: number): void {
    const elapsed = nowUs - this.#takenUs;
    if (this.#demandUs >= 0 && elapsed > 0) {
      const load = Math.max(0, demandUs - this.#demandUs) / elapsed / this.pcpus.length;
      DECAYS_S.forEach((seconds, i) => {
        const keep = Math.exp(-elapsed / 1e6 / seconds);
        this.#loads[i] = (this.#loads[i] ?? 0) * keep + load * (1 - keep);
      });
    }
    this.#demandUs = demandUs;
    this.#takenUs = nowUs;
  }

  publishLoads(table: SchedControlWriter): void {
    table.setLoad1(this.#loads[0] ?? 0);
    table.setLoad5(this.#loads[1] ?? 0);
    table.setLoad15(this.#loads[2] ?? 0);
  }
}
