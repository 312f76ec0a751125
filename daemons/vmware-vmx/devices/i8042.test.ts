import { describe, expect, it } from 'vitest';
import { I8042 } from './i8042.js';

const ACK = 0xfa;

function machine() {
  const log: string[] = [];
  const controller = new I8042({
    raiseIrq: line => log.push(`raise ${line}`),
    lowerIrq: line => log.push(`lower ${line}`),
    reset: () => log.push('reset'),
    lights: bits => log.push(`lights ${bits}`),
  });
  /** Reads what is there, as a driver that polls. */
  const drain = (): number[] => {
    const bytes: number[] = [];
    while ((controller.readStatus() & 1) !== 0) bytes.push(controller.readData());
    return bytes;
  };
  const command = (code: number, data?: number): void => {
    controller.writeCommand(code);
    if (data !== undefined) controller.writeData(data);
  };
  const toMouse = (byte: number): number[] => {
    command(0xd4, byte);
    return drain();
  };
  /** Offers bytes of keys until the guest has read all of them. */
  const type = (bytes: readonly number[]): number[] =>
    bytes.flatMap(byte => {
      expect(controller.offerKey(byte)).toBe(true);
      return drain();
    });
  return { controller, log, drain, command, toMouse, type };
}

describe('I8042', () => {
  it('passes its self-test and those of its ports, as a BIOS asks at start', () => {
    const { command, drain, controller } = machine();
    command(0xaa);
    expect(drain()).toEqual([0x55]);
    command(0xab);
    expect(drain()).toEqual([0x00]);
    command(0xa9);
    expect(drain()).toEqual([0x00]);
    command(0x60, 0x61);
    command(0x20);
    expect(drain()).toEqual([0x61]);
    controller.writeData(0xff);
    expect(drain()).toEqual([ACK, 0xaa]);
  });

  it('loops a byte back as the mouse’s, which is how Linux finds the second port', () => {
    const { command, controller, log } = machine();
    command(0x60, 0x47);
    command(0xd3, 0x5a);
    expect(controller.readStatus() & 0x21).toBe(0x21);
    expect(log.at(-1)).toBe('raise 12');
    expect(controller.readData()).toBe(0x5a);
  });

  it('gives one byte of a key at a time, each with an interrupt, and refuses the next until it is read', () => {
    const { controller, log } = machine();
    expect(controller.offerKey(0x1e)).toBe(true);
    expect(controller.offerKey(0x9e)).toBe(false);
    expect(log).toEqual(['raise 1']);
    expect(controller.readData()).toBe(0x1e);
    expect(controller.readStatus() & 1).toBe(0);
    expect(controller.readData()).toBe(0x1e);
    expect(controller.offerKey(0x9e)).toBe(true);
    expect(controller.readData()).toBe(0x9e);
  });

  it('loses no key to a command that comes before it is read', () => {
    const { controller, drain, log } = machine();
    controller.offerKey(0x1e);
    controller.writeData(0xed);
    expect(drain()).toEqual([ACK]);
    expect(controller.offerKey(0x30)).toBe(false);
    controller.writeData(0x04);
    expect(drain()).toEqual([ACK, 0x1e]);
    expect(log).toContain('lights 4');
  });

  it('speaks set 2 when the guest switches translation off', () => {
    const { command, type } = machine();
    command(0x60, 0x01);
    // A, right Control, F7 down and up: IBM's table of set 2.
    expect(type([0x1e, 0x9e, 0xe0, 0x1d, 0xe0, 0x9d, 0x41, 0xc1])).toEqual([
      0x1c, 0xf0, 0x1c, 0xe0, 0x14, 0xe0, 0xf0, 0x14, 0x83, 0xf0, 0x83,
    ]);
  });

  it('holds keys back while the guest has the keyboard switched off', () => {
    const { controller, command, drain } = machine();
    command(0xad);
    expect(controller.offerKey(0x1e)).toBe(false);
    command(0xae);
    expect(controller.offerKey(0x1e)).toBe(true);
    drain();
    controller.writeData(0xf5);
    drain();
    expect(controller.offerKey(0x1e)).toBe(false);
  });

  it('resets the processor by a pulse of line 0, and only by that one', () => {
    const { command, log } = machine();
    command(0xff);
    expect(log).toEqual([]);
    command(0xfe);
    expect(log).toEqual(['reset']);
  });

  it('has a mouse that becomes one with a wheel by the knock of Microsoft’s drivers', () => {
    const { toMouse } = machine();
    expect(toMouse(0xff)).toEqual([ACK, 0xaa, 0x00]);
    expect(toMouse(0xf2)).toEqual([ACK, 0x00]);
    for (const rate of [200, 100, 80]) {
      toMouse(0xf3);
      toMouse(rate);
    }
    expect(toMouse(0xf2)).toEqual([ACK, 0x03]);
  });

  it('sends no movement before it is asked to report, then all of it in packets of nine bits', () => {
    const { controller, toMouse, drain } = machine();
    controller.mouse.move(5, 5, 0, 0);
    controller.pump();
    expect(drain()).toEqual([]);
    toMouse(0xf4);
    controller.mouse.move(300, 7, 0, 1);
    controller.pump();
    // Left button, to the right by 255 and 45; 7 down is −7.
    expect(drain()).toEqual([0x29, 255, 0xf9, 0x09, 45, 0]);
  });

  it('keeps every change of buttons of a guest that reads late, and adds up what lies between', () => {
    const { controller, toMouse, drain } = machine();
    toMouse(0xf4);
    for (let i = 0; i < 10; i++) controller.mouse.move(1, 0, 0, 0);
    controller.mouse.move(0, 0, 0, 2);
    controller.mouse.move(0, 0, 0, 0);
    controller.pump();
    expect(drain()).toEqual([0x08, 10, 0, 0x0a, 0, 0, 0x08, 0, 0]);
  });
});
