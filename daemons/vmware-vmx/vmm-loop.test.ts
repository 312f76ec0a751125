import { describe, expect, it } from 'vitest';
import type { GuestEngine, GuestEvent } from './engine/index.js';
import { EngineTrap } from './engine/index.js';
import { HaltPolicy } from './halt-policy.js';
import { VmmInput } from './vmm-input.js';
import { VmmLoop } from './vmm-loop.js';
import { type FromVmm, PICTURE_WORDS_BYTES, PictureWord, type ToVmm, VmmActivity } from './vmm-messages.js';
import { VmmPicture } from './vmm-picture.js';

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

  /** What a look at the guest's screen finds. */
  drawn: { x: number; y: number; width: number; height: number }[] = [];
  captures = 0;
  readonly pictureWords = new SharedArrayBuffer(PICTURE_WORDS_BYTES);

  readonly screen = {
    width: 8,
    height: 8,
    mode: 'text' as const,
    pixels: new Uint32Array(new SharedArrayBuffer(256)),
    capture: () => {
      this.captures++;
      const areas = this.drawn.splice(0);
      return areas.length === 0 ? { kind: 'same' as const } : { kind: 'changed' as const, areas };
    },
    forget: () => undefined,
  };

  readonly input = {
    lights: 0,
    absolute: false,
    sendKeys: (bytes: Uint8Array) => bytes.length,
    point: () => undefined,
    feed: () => false,
    takeCount: () => 0,
  };

  readonly engine = {
    instructions: 0,
    translations: 0,
    execution: {
      userInstructions: 0,
      userNs: 1,
      kernelNs: 1,
      monitorMs: 0,
      interrupts: 0,
      timerInterrupts: 0,
    },
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
    endSlice: () => this.nowUs,
    reportModes: () => undefined,
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
      picture: new VmmPicture({
        screen: this.screen,
        words: this.pictureWords,
        send: message => this.sent.push(message),
        nowUs: () => this.nowUs,
      }),
      input: new VmmInput(this.input as unknown as GuestEngine['input'], message => this.sent.push(message)),
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
    expect(machine.sent.map(({ type }) => type)).toEqual(['noSpace', 'screen', 'log', 'stopped']);
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
    expect(machine.sent).toEqual([
      { type: 'log', text: expect.stringMatching(/^Monitor: guest [\d.]+ s outside ring 0, /) },
      { type: 'stopped' },
    ]);
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
    expect(off.sent.map(message => message.type)).toEqual(['softOff', 'log', 'stopped']);
    const trap = new Machine();
    trap.onSlice = () => {
      throw new EngineTrap('no handler', 12);
    };
    trap.run();
    expect(trap.sent[0]).toMatchObject({ type: 'trap', reason: 'no handler' });
    expect(trap.log).toContain('stop');
  });

  describe('with a viewer', () => {
    const WORDS = (machine: Machine) => new Int32Array(machine.pictureWords);
    const want = (machine: Machine) => Atomics.store(WORDS(machine), PictureWord.wanted, 1);
    const activity = (machine: Machine) => Atomics.load(WORDS(machine), PictureWord.activity);
    const AREA = { x: 0, y: 0, width: 4, height: 4 };
    const stopAfter = (
      machine: Machine,
      slices: number,
      idleMs = 0,
      each: (slice: number) => void = () => undefined,
    ) => {
      let slice = 0;
      machine.onSlice = () => {
        each(++slice);
        if (slice === slices) machine.inbox.push({ type: 'stop' });
        return idleMs;
      };
    };

    it('never looks at the screen while nobody wants to see it', () => {
      const machine = new Machine();
      stopAfter(machine, 200, 1, () => machine.drawn.push(AREA));
      machine.run();
      expect(machine.captures).toBe(0);
    });

    it('sends what a running guest draws, once per request and 33 ms', () => {
      const machine = new Machine();
      const at: number[] = [];
      const { push } = machine.sent;
      machine.sent.push = (...messages) => {
        if (messages[0]?.type === 'pictureChanged') at.push(machine.nowUs);
        return push.apply(machine.sent, messages);
      };
      stopAfter(machine, 100, 0, () => {
        machine.drawn.push(AREA);
        want(machine);
      });
      machine.run();
      expect(at.length).toBeGreaterThanOrEqual(3);
      expect(Math.min(...at.slice(1).map((time, i) => time - (at[i] ?? 0)))).toBeGreaterThanOrEqual(33_000);
      expect(machine.sent).toContainEqual({ type: 'pictureChanged', areas: [AREA] });
    });

    it('shows what was drawn before it sleeps, and says that it sleeps with nothing left to see', () => {
      const machine = new Machine();
      want(machine);
      stopAfter(machine, 1, 50, () => machine.drawn.push(AREA));
      const seen: string[] = [];
      machine.onHalt = () => {
        seen.push(...machine.sent.map(({ type }) => type), String(activity(machine)));
        machine.inbox.push({ type: 'stop' });
        return true;
      };
      machine.run();
      expect(seen).toEqual(['pictureChanged', String(VmmActivity.asleepSeen)]);
      expect(WORDS(machine)[PictureWord.wanted]).toBe(0);
    });

    it('sleeps no longer than until the next frame when it drew after the last one', () => {
      const machine = new Machine();
      want(machine);
      stopAfter(machine, 3, 100, slice => {
        machine.drawn.push(AREA);
        if (slice === 2) want(machine);
      });
      machine.onHalt = () => true;
      machine.run();
      expect(machine.log.filter(line => line.startsWith('halt'))).toEqual(['halt 100', 'halt 32', 'halt 31']);
    });

    it('leaves a request open, without waking, while a halted guest draws nothing', () => {
      const machine = new Machine();
      want(machine);
      stopAfter(machine, 4, 100);
      machine.onHalt = () => true;
      machine.run();
      expect(machine.log.filter(line => line.startsWith('halt'))).toEqual(Array(4).fill('halt 100'));
      expect(WORDS(machine)[PictureWord.wanted]).toBe(1);
    });

    it('says that it sleeps with changes not looked at when nobody has asked', () => {
      const machine = new Machine();
      stopAfter(machine, 1, 100, () => machine.drawn.push(AREA));
      let asleep = -1;
      machine.onHalt = () => {
        asleep = activity(machine);
        return true;
      };
      machine.inbox.length = 0;
      let slices = 0;
      machine.onSlice = () => {
        if (++slices === 2) machine.inbox.push({ type: 'stop' });
        return 100;
      };
      machine.run();
      expect(asleep).toBe(VmmActivity.asleep);
    });
  });
});
