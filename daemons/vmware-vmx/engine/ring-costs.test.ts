import { describe, expect, it } from 'vitest';
import { RingTimer } from './ring-costs.js';

/** Nobody says how a machine's two rings cost; here they do: ns for an instruction of each. */
class Machine {
  nowMs = 0;
  readonly timer = new RingTimer(() => {
    this.nowMs += this.clockMs;
    return this.nowMs;
  });
  #until = 1;
  #level = 0;
  #instruction = 0xfffff000;
  #since = this.#instruction;
  #translateMs = 0;
  #deviceMark = 0;

  constructor(
    private readonly costs: readonly [kernelNs: number, userNs: number],
    private readonly clockMs = 0,
  ) {}

  run(
    instructions: number,
    extra: { translateMs?: number; deviceMs?: number; stoppedMs?: number } = {},
  ): void {
    const { translateMs = 0, deviceMs = 0, stoppedMs = 0 } = extra;
    this.nowMs += (instructions * (this.costs[this.#level === 0 ? 0 : 1] ?? 0)) / 1e6;
    this.nowMs += translateMs + deviceMs + stoppedMs;
    this.#translateMs += translateMs;
    if (deviceMs > 0) this.#deviceMark++;
    this.#instruction = (this.#instruction + instructions) >>> 0;
  }

  turn(level: number): void {
    this.#level = level;
    this.#since = this.#instruction;
    if (--this.#until === 0) this.#until = this.timer.changed(this.#look);
  }

  endSlice(): void {
    this.timer.sliceEnded(this.#look, this.#instruction);
  }

  readonly #look = () => ({
    level: this.#level,
    sinceInstruction: this.#since,
    translateMs: this.#translateMs,
    deviceMark: this.#deviceMark,
  });
}

function rounds(machine: Machine, extra: Parameters<Machine['run']>[1] = {}): void {
  for (let round = 0; round < 5000; round++) {
    machine.turn(3);
    machine.run(40);
    machine.turn(0);
    machine.run(400, round % 7 === 0 ? extra : {});
    if (round % 100 === 0) machine.endSlice();
  }
}

describe('what an instruction of each ring costs', () => {
  it('is alike until both were seen', () => {
    const machine = new Machine([9, 2]);
    expect([machine.timer.userNs, machine.timer.kernelNs]).toEqual([1, 1]);
    machine.turn(3);
    machine.run(100);
    machine.endSlice();
    expect([machine.timer.userNs, machine.timer.kernelNs]).toEqual([1, 1]);
  });

  it.each([
    [[9, 2], 0, {}],
    [[2, 80], 0.0001, {}],
    [[9, 2], 0, { translateMs: 0.7 }],
    [[9, 2], 0, { deviceMs: 0.5 }],
    [[9, 2], 0, { stoppedMs: 4 }],
    [[9, 2], 0, { stoppedMs: 0.2 }],
  ] as const)('is measured for %j, clock %f ms, beside %j', (costs, clockMs, extra) => {
    const machine = new Machine(costs, clockMs);
    rounds(machine, extra);
    expect(machine.timer.kernelNs / costs[0]).toBeCloseTo(1, 5);
    expect(machine.timer.userNs / costs[1]).toBeCloseTo(1, 5);
  });
});
