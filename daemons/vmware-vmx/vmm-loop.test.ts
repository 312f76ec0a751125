import { describe, expect, it } from 'vitest';
import type { GuestEngine, GuestEvent } from './engine/index.js';
import { EngineTrap } from './engine/index.js';
import { HaltPolicy } from './halt-policy.js';
import { VmmLoop } from './vmm-loop.js';
import type { FromVmm, ToVmm } from './vmm-messages.js';

/** A machine without a guest: what its parts were asked, in order. */
class Machine {
  readonly log: string[] = [];
  readonly sent: FromVmm[] = [];
  readonly inbox: ToVmm[] = [];
  readonly slices: number[] = [];
  events: GuestEvent[] = [];
  granted = true;
  nowUs = 0;
  room = 4096;
  onSlice: () => number = () => 0;
  onHalt: () => boolean = () => true;
  noSpace: VmmLoop['noSpace'] = () => undefined;

  readonly engine = {
    instructions: 0,
    translations: 0,
    runSlice: (short: boolean) => {
      this.log.push(short ? 'short slice' : 'slice');
      this.nowUs += 1000;
      return this.onSlice();
    },
    pollDevices: () => false,
    feedSerial: () => false,
    sendSerial: (_index: number, bytes: Uint8Array) => {
      const count = Math.min(this.room, bytes.length);
      this.room -= count;
      return count;
    },
    takeSerial: () => undefined,
    takeEvents: () => this.events.splice(0),
    reset: () => this.log.push('reset'),
    textScreen: () => ({ columns: 80, lines: [], graphics: false }),
  } as unknown as GuestEngine;

  readonly dispatch = {
    waitForGrant: () => {
      if (!this.granted) this.log.push('wait');
      return this.granted;
    },
    beginSlice: () => 1,
    shouldYield: () => false,
    endSlice: () => undefined,
    halt: (untilUs: number) => {
      this.log.push(`halt ${(untilUs - this.nowUs) / 1000}`);
      return this.onHalt();
    },
    stop: () => this.log.push('stop'),
  };

  run(): void {
    const { engine, dispatch } = this;
    const loop = new VmmLoop({
      engine,
      dispatch: { ...dispatch, stop: () => void dispatch.stop() },
      policy: new HaltPolicy(),
      serialPorts: 1,
      nowUs: () => this.nowUs,
      receive: () => this.inbox.shift(),
      send: message => this.sent.push(message),
    });
    this.noSpace = (disk, retry) => loop.noSpace(disk, retry);
    loop.run();
  }
}

describe('VmmLoop', () => {
  it('runs no slice while a write waits for space, obeys meanwhile, and goes on when it is tried again', () => {
    const machine = new Machine();
    let tried = 0;
    machine.onSlice = () => {
      if (tried === 0) machine.noSpace(1, () => tried++);
      else machine.inbox.push({ type: 'stop' });
      return 0;
    };
    let halts = 0;
    machine.onHalt = () => {
      halts++;
      if (halts === 1) machine.inbox.push({ type: 'readScreen', id: 7 });
      if (halts === 3) machine.inbox.push({ type: 'resume' });
      return false;
    };
    machine.run();
    expect(machine.log).toEqual(['slice', 'halt 60000', 'halt 60000', 'halt 60000', 'slice', 'stop']);
    expect(tried).toBe(1);
    expect(machine.sent.map(({ type }) => type)).toEqual(['noSpace', 'screen', 'stopped']);
    expect(machine.sent[0]).toEqual({ type: 'noSpace', disk: 1 });
  });

  it('runs slices while granted and ends when told, which it says', () => {
    const machine = new Machine();
    let slices = 0;
    machine.onSlice = () => {
      if (++slices === 3) machine.inbox.push({ type: 'stop' });
      return 0;
    };
    machine.run();
    expect(machine.log).toEqual(['slice', 'slice', 'slice', 'stop']);
    expect(machine.sent).toEqual([{ type: 'stopped' }]);
  });

  it('runs nothing without a grant and still takes messages', () => {
    const machine = new Machine();
    machine.granted = false;
    const { waitForGrant } = machine.dispatch;
    machine.dispatch.waitForGrant = () => {
      machine.inbox.push({ type: 'reset', id: 5 }, { type: 'stop' });
      return waitForGrant();
    };
    machine.run();
    expect(machine.log).toEqual(['wait', 'reset', 'stop']);
    expect(machine.sent).toContainEqual({ type: 'resetDone', id: 5 });
  });

  it('sleeps until the timer of a halted guest', () => {
    const machine = new Machine();
    machine.onSlice = () => 7;
    machine.onHalt = () => {
      machine.inbox.push({ type: 'stop' });
      return true;
    };
    machine.run();
    expect(machine.log).toEqual(['slice', 'halt 7', 'stop']);
  });

  it('holds input that the engine has no room for, and tells how much the guest got', () => {
    const machine = new Machine();
    machine.room = 3;
    let slices = 0;
    machine.onSlice = () => {
      machine.room = 3;
      if (++slices === 2) machine.inbox.push({ type: 'stop' });
      return 0;
    };
    machine.inbox.push({ type: 'serialInput', index: 0, bytes: new Uint8Array(5) });
    machine.run();
    const taken = machine.sent
      .filter(message => message.type === 'serialTaken')
      .map(message => message.count);
    expect(taken).toEqual([3, 2]);
  });

  it('ends on a soft off and on a trap, with the reason', () => {
    const off = new Machine();
    off.onSlice = () => {
      off.events = ['softOff'];
      return 0;
    };
    off.run();
    expect(off.sent.map(message => message.type)).toEqual(['softOff', 'stopped']);
    const trap = new Machine();
    trap.onSlice = () => {
      throw new EngineTrap('no handler', 12);
    };
    trap.run();
    expect(trap.sent[0]).toMatchObject({ type: 'trap', reason: 'no handler' });
    expect(trap.log).toContain('stop');
  });
});
