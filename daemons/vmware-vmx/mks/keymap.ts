/** Scancodes of set 1; 0x80 set: behind E0h. */
export const Scancode = {
  leftControl: 0x1d,
  rightControl: 0x9d,
  leftShift: 0x2a,
  rightShift: 0x36,
  leftAlt: 0x38,
  rightAlt: 0xb8,
  leftSuper: 0xdb,
  rightSuper: 0xdc,
  capsLock: 0x3a,
  numLock: 0x45,
  pause: 0xc5,
  printScreen: 0xb7,
  sysRq: 0x54,
} as const;

export interface Key {
  readonly code: number;
  /** Whether the character needs Shift; undefined: it does not care. */
  readonly shift?: boolean;
  /** Caps Lock turns Shift round. */
  readonly letter?: boolean;
  /** On the keypad, with Num Lock. */
  readonly digit?: boolean;
}

const EXTENDED = 0x80;
const BREAK = 0x80;
const PREFIX = 0xe0;

/** Bytes that a key sends when it goes down. */
export function makeBytes(code: number): number[] {
  if (code === Scancode.pause) return [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5];
  if (code === Scancode.printScreen) return [PREFIX, 0x2a, PREFIX, 0x37];
  return (code & EXTENDED) === 0 ? [code] : [PREFIX, code & 0x7f];
}

/** Bytes that a key sends when it comes up; none for Pause. */
export function breakBytes(code: number): number[] {
  if (code === Scancode.pause) return [];
  if (code === Scancode.printScreen) return [PREFIX, 0x37 | BREAK, PREFIX, 0x2a | BREAK];
  return (code & EXTENDED) === 0 ? [code | BREAK] : [PREFIX, code];
}

/** The key of a US keyboard that stands for a keysym; undefined where it has none (dead keys, letters with accents). */
export function keyOf(keysym: number): Key | undefined {
  return KEYS.get(keysym);
}

/** Rows of keys by first scancode: characters without and with Shift. */
const ROWS: readonly (readonly [first: number, plain: string, shifted: string])[] = [
  [0x02, '1234567890-=', '!@#$%^&*()_+'],
  [0x10, 'qwertyuiop[]', 'QWERTYUIOP{}'],
  [0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [0x2b, '\\zxcvbnm,./', '|ZXCVBNM<>?'],
];

/** Keysyms (X11's keysymdef.h) of keys without a character. */
const NAMED: readonly (readonly [keysym: number, code: number])[] = [
  [0xff08, 0x0e], // BackSpace
  [0xff09, 0x0f], // Tab
  [0xfe20, 0x0f], // ISO_Left_Tab
  [0xff0d, 0x1c], // Return
  [0xff13, Scancode.pause],
  [0xff6b, 0xc6], // Break: Pause with Control
  [0xff14, 0x46], // Scroll_Lock
  [0xff15, Scancode.sysRq],
  [0xff1b, 0x01], // Escape
  [0xffff, 0xd3], // Delete
  [0xff50, 0xc7], // Home
  [0xff51, 0xcb], // Left
  [0xff52, 0xc8], // Up
  [0xff53, 0xcd], // Right
  [0xff54, 0xd0], // Down
  [0xff55, 0xc9], // Page_Up
  [0xff56, 0xd1], // Page_Down
  [0xff57, 0xcf], // End
  [0xff61, Scancode.printScreen],
  [0xff63, 0xd2], // Insert
  [0xff67, 0xdd], // Menu
  [0xff7e, Scancode.rightAlt], // Mode_switch
  [0xff7f, Scancode.numLock],
  [0xff8d, 0x9c], // KP_Enter
  [0xff95, 0x47], // KP_Home
  [0xff96, 0x4b], // KP_Left
  [0xff97, 0x48], // KP_Up
  [0xff98, 0x4d], // KP_Right
  [0xff99, 0x50], // KP_Down
  [0xff9a, 0x49], // KP_Page_Up
  [0xff9b, 0x51], // KP_Page_Down
  [0xff9c, 0x4f], // KP_End
  [0xff9d, 0x4c], // KP_Begin
  [0xff9e, 0x52], // KP_Insert
  [0xff9f, 0x53], // KP_Delete
  [0xffaa, 0x37], // KP_Multiply
  [0xffab, 0x4e], // KP_Add
  [0xffac, 0x53], // KP_Separator
  [0xffad, 0x4a], // KP_Subtract
  [0xffae, 0x53], // KP_Decimal
  [0xffaf, 0xb5], // KP_Divide
  [0xffbd, 0x59], // KP_Equal
  [0xffe1, Scancode.leftShift],
  [0xffe2, Scancode.rightShift],
  [0xffe3, Scancode.leftControl],
  [0xffe4, Scancode.rightControl],
  [0xffe5, Scancode.capsLock],
  [0xffe7, Scancode.leftAlt], // Meta_L
  [0xffe8, Scancode.rightAlt], // Meta_R
  [0xffe9, Scancode.leftAlt],
  [0xffea, Scancode.rightAlt],
  [0xffeb, Scancode.leftSuper],
  [0xffec, Scancode.rightSuper],
  [0xfe03, Scancode.rightAlt], // ISO_Level3_Shift: AltGr
];

const KP_0 = 0xffb0;
/** Keypad digits 0 to 9. */
const KEYPAD = [0x52, 0x4f, 0x50, 0x51, 0x4b, 0x4c, 0x4d, 0x47, 0x48, 0x49];
const F1 = 0xffbe;
/** F1 to F24; those from F13 on as the i8042 translates them. */
const FUNCTION_KEYS = [
  0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x41, 0x42, 0x43, 0x44, 0x57, 0x58, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
  0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x76,
];

/** Keysyms of Latin 1 are its codes. */
const KEYS: ReadonlyMap<number, Key> = new Map<number, Key>([
  ...ROWS.flatMap(([first, plain, shifted]) => [
    ...rowOf(first, plain, false),
    ...rowOf(first, shifted, true),
  ]),
  [0x20, { code: 0x39 }],
  ...NAMED.map(([keysym, code]): [number, Key] => [keysym, { code }]),
  ...KEYPAD.map((code, i): [number, Key] => [KP_0 + i, { code, digit: true }]),
  ...FUNCTION_KEYS.map((code, i): [number, Key] => [F1 + i, { code }]),
]);

function rowOf(first: number, characters: string, shift: boolean): [number, Key][] {
  return [...characters].map((character, i): [number, Key] => {
    const key = { code: first + i, shift };
    return [character.charCodeAt(0), /[a-z]/i.test(character) ? { ...key, letter: true } : key];
  });
}
