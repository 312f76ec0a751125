import { describe, expect, it } from 'vitest';
import type { ToVmm } from '../vmm-messages.js';
import type { Display } from './display.js';
import { VmInput } from './vm-input.js';

const SHIFT_L = 0xffe1;
const NUM_LOCK = 0xff7f;

function console(lights: Display['lights'] = null) {
  const told: ToVmm[] = [];
  const state = { lights };
  const display = {
    width: 720,
    height: 400,
    get lights() {
      return state.lights;
    },
  } as Display;
  const input = new VmInput(display, message => told.push(message));
  const keys = () => told.flatMap(message => (message.type === 'keys' ? [...message.bytes] : []));
  /** Bytes since the last call. */
  const typed = (): number[] => {
    const all: number[] = [];
    for (let bytes = keys(); bytes.length > 0; bytes = keys()) {
      all.push(...bytes);
      told.length = 0;
      input.heard({ type: 'keysTaken', count: bytes.length });
    }
    return all;
  };
  return { input, told, typed, state };
}

const press = (sink: { key(keysym: number, down: boolean): void }, ...keysyms: number[]) => {
  for (const keysym of keysyms) {
    sink.key(keysym, true);
    sink.key(keysym, false);
  }
};
const text = (sink: { key(keysym: number, down: boolean): void }, characters: string) =>
  press(sink, ...[...characters].map(character => character.charCodeAt(0)));

/** What a US keyboard driver makes of scancodes of set 1: the keys without and with Shift, in order of their codes. */
const PLAIN = "\0\x1b1234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./";
const SHIFTED = '\0\x1b!@#$%^&*()_+\b\tQWERTYUIOP{}\n\0ASDFGHJKL:"~\0|ZXCVBNM<>?';
function read(bytes: readonly number[], caps = false): string {
  let shift = false;
  let read = '';
  for (const byte of bytes) {
    const code = byte & 0x7f;
    if (code === 0x2a || code === 0x36) shift = byte < 0x80;
    else if (byte === 0x39) read += ' ';
    else if (byte < 0x80) {
      const upper = /[a-z]/.test(PLAIN[code] ?? '') ? shift !== caps : shift;
      read += (upper ? SHIFTED : PLAIN)[code] ?? '?';
    }
  }
  return read;
}

const ASCII = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');

describe('VmInput', () => {
  it('types every character of ASCII, whether or not the viewer presses Shift for it', () => {
    const { input, typed } = console();
    const sink = input.attach();
    text(sink, ASCII);
    expect(read(typed())).toBe(ASCII);
    sink.key(SHIFT_L, true);
    text(sink, ASCII);
    sink.key(SHIFT_L, false);
    expect(read(typed())).toBe(ASCII);
  });

  it('types letters as they are meant while Caps Lock is on in the guest', () => {
    const { input, typed } = console({ scroll: false, num: false, caps: true });
    text(input.attach(), 'Caps Lock');
    expect(read(typed(), true)).toBe('Caps Lock');
  });

  it('leaves Shift alone while another modifier is held', () => {
    const { input, typed } = console();
    const sink = input.attach();
    sink.key(0xffe3, true);
    press(sink, 0x43);
    sink.key(0xffe3, false);
    expect(typed()).toEqual([0x1d, 0x2e, 0xae, 0x9d]);
  });

  it.each([
    ['Return', 0xff0d, [0x1c, 0x9c]],
    ['Up', 0xff52, [0xe0, 0x48, 0xe0, 0xc8]],
    ['KP_Enter', 0xff8d, [0xe0, 0x1c, 0xe0, 0x9c]],
    ['F12', 0xffc9, [0x58, 0xd8]],
    ['F24', 0xffd5, [0x76, 0xf6]],
    ['Pause', 0xff13, [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5]],
    ['Print', 0xff61, [0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa]],
    ['Sys_Req', 0xff15, [0x54, 0xd4]],
    ['AltGr', 0xfe03, [0xe0, 0x38, 0xe0, 0xb8]],
    ['Super_L', 0xffeb, [0xe0, 0x5b, 0xe0, 0xdb]],
    ['Menu', 0xff67, [0xe0, 0x5d, 0xe0, 0xdd]],
    ['a dead acute', 0xfe51, []],
    ['eacute', 0xe9, []],
    ['no keysym', 0xffffffff, []],
  ])('sends %s as a keyboard does', (_, keysym, bytes) => {
    const { input, typed } = console();
    press(input.attach(), keysym);
    expect(typed()).toEqual(bytes);
  });

  it('takes scancodes as they are, those behind E0h with their high bit', () => {
    const { input, typed } = console();
    const sink = input.attach();
    for (const code of [0x56, 0xd3, 0, -1, 0x80, 1.5, 1000]) {
      sink.scancode(code, true);
      sink.scancode(code, false);
    }
    expect(typed()).toEqual([0x56, 0xd6, 0xe0, 0x53, 0xe0, 0xd3]);
  });

  it('switches Num Lock on, once, for a digit of the keypad', () => {
    const { input, typed, state } = console({ scroll: false, num: false, caps: false });
    const sink = input.attach();
    press(sink, 0xffb7, 0xffb8);
    expect(typed()).toEqual([0x45, 0xc5, 0x47, 0xc7, 0x48, 0xc8]);
    state.lights = { scroll: false, num: true, caps: false };
    press(sink, 0xffb7, NUM_LOCK);
    expect(typed()).toEqual([0x47, 0xc7, 0x45, 0xc5]);
  });

  it('releases what a viewer holds when it leaves, but not what another holds, too', () => {
    const { input, typed, told } = console();
    const [one, two] = [input.attach(), input.attach()];
    one.key(SHIFT_L, true);
    one.key(0xffe3, true);
    two.key(0xffe3, true);
    one.pointer(10, 10, 1);
    typed();
    one.release();
    const left = told.flatMap(message => (message.type === 'keys' ? [...message.bytes] : []));
    expect(left).toEqual([0xaa]);
    two.release();
    expect(typed().slice(-1)).toEqual([0x9d]);
  });

  it('sends no more than 256 scancodes ahead of the guest, in order, and loses none of 2,000 keys', () => {
    const { input, told } = console();
    const sink = input.attach();
    const paste = Array.from({ length: 2000 }, (_, i) => ASCII[i % ASCII.length]).join('');
    text(sink, paste);
    const bytes: number[] = [];
    for (let message = told.shift(); message !== undefined; message = told.shift()) {
      if (message.type !== 'keys') continue;
      expect(message.bytes.length).toBeLessThanOrEqual(256);
      bytes.push(...message.bytes);
      input.heard({ type: 'keysTaken', count: message.bytes.length });
    }
    expect(read(bytes)).toBe(paste);
  });

  it('holds a bounded number of scancodes for a guest that reads none, and lets no key stay down', () => {
    const { input, told } = console();
    const sink = input.attach();
    sink.key(SHIFT_L, true);
    for (let i = 0; i < 20_000; i++) press(sink, 0xff0d);
    sink.key(SHIFT_L, false);
    const bytes: number[] = [];
    for (let message = told.shift(); message !== undefined; message = told.shift()) {
      if (message.type !== 'keys') continue;
      bytes.push(...message.bytes);
      input.heard({ type: 'keysTaken', count: message.bytes.length });
    }
    expect(bytes.length).toBeLessThanOrEqual(16 * 1024);
    const down = new Set<number>();
    for (const byte of bytes) {
      if (byte < 0x80) down.add(byte);
      else down.delete(byte & 0x7f);
    }
    expect([...down]).toEqual([]);
  });

  it('joins movements that the guest has not had, and keeps changes of buttons apart', () => {
    const { input, told } = console();
    const sink = input.attach();
    sink.pointer(10, 10, 0);
    for (let i = 1; i <= 5; i++) sink.pointer(10 + i, 10, 0);
    sink.pointer(15, 10, 4);
    sink.pointer(15, 10, 0);
    sink.pointer(15, 10, 8);
    input.heard({ type: 'pointerTaken' });
    const events = told.flatMap(message => (message.type === 'pointer' ? [...message.events] : []));
    expect(events.map(({ x, dx, buttons, wheel }) => [x, dx, buttons, wheel])).toEqual([
      [10, 0, 0, 0],
      [15, 5, 0, 0],
      [15, 0, 2, 0],
      [15, 0, 0, -1],
    ]);
  });

  it('keeps positions inside the picture', () => {
    const { input, told } = console();
    input.attach().pointer(100_000, -5, 0xffff);
    expect(told[0]).toMatchObject({ type: 'pointer', events: [{ x: 719, y: 0, buttons: 7 }] });
  });
});
