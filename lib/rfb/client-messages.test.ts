import { describe, expect, test } from 'vitest';
import { ByteReader } from './byte-reader.js';
import { CLIENT_LIMITS, type ClientMessageHandler, ClientMessages } from './client-messages.js';
import { RGB888, writePixelFormat } from './pixel-format.js';
import { RfbError } from './rfb-error.js';
import { randomNumbers } from './testing/pictures.js';

type Call = [name: string, ...args: unknown[]];

function recorder(): { calls: Call[]; handler: ClientMessageHandler } {
  const calls: Call[] = [];
  const names = [
    'setPixelFormat',
    'setEncodings',
    'updateRequest',
    'key',
    'extendedKey',
    'pointer',
    'setDesktopSize',
  ];
  const handler = Object.fromEntries(
    names.map(name => [name, (...args: unknown[]) => calls.push([name, ...args])]),
  ) as unknown as ClientMessageHandler;
  return { calls, handler };
}

const hex = (bytes: string) => Buffer.from(bytes.replaceAll(' ', ''), 'hex');

/** Bytes by RFC 6143 7.5 and the registry of community extensions, and what they mean. */
const MESSAGES: readonly [string, Buffer, Call[]][] = [
  [
    'SetPixelFormat',
    Buffer.concat([hex('00 000000'), writePixelFormat(RGB888)]),
    [['setPixelFormat', RGB888]],
  ],
  ['SetEncodings', hex('02 00 0003 00000007 ffffff21 00000000'), [['setEncodings', [7, -223, 0]]]],
  [
    'FramebufferUpdateRequest',
    hex('03 01 0001 0002 0280 01e0'),
    [['updateRequest', { x: 1, y: 2, width: 640, height: 480 }, true]],
  ],
  ['KeyEvent', hex('04 01 0000 0000ff0d'), [['key', 0xff0d, true]]],
  ['PointerEvent', hex('05 04 0010 0020'), [['pointer', 16, 32, 4]]],
  ['ClientCutText', hex('06 000000 00000003 616263'), []],
  [
    'SetDesktopSize',
    hex('fb 00 0320 0258 01 00 00000000 0000 0000 0320 0258 00000000'),
    [['setDesktopSize', 800, 600]],
  ],
  ['extended KeyEvent', hex('ff 00 0001 00000061 0000001e'), [['extendedKey', 0x1e, 0x61, true]]],
  ['extended KeyEvent without a scancode', hex('ff 00 0000 00000061 00000000'), [['key', 0x61, false]]],
  ['extended KeyEvent of no key of a PC', hex('ff 00 0000 00000061 00000100'), [['key', 0x61, false]]],
];

describe('messages', () => {
  test.each(MESSAGES)('%s is understood, and nothing of it before its last byte', (_, bytes, expected) => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { calls, handler } = recorder();
      const [messages, input] = [new ClientMessages(handler), new ByteReader()];
      input.push(bytes.subarray(0, cut));
      messages.read(input);
      if (cut < bytes.length) expect(calls).toEqual([]);
      input.push(Buffer.concat([bytes.subarray(cut), bytes]));
      messages.read(input);
      expect(calls).toEqual([...expected, ...expected]);
      expect(input.length).toBe(0);
    }
  });

  test('no more than was asked for are taken at once', () => {
    const { calls, handler } = recorder();
    const [messages, input] = [new ClientMessages(handler), new ByteReader()];
    input.push(Buffer.concat([1, 2, 3].map(key => hex(`04 01 0000 0000000${key}`))));
    expect(messages.read(input, 2)).toBe(false);
    expect(calls).toEqual([
      ['key', 1, true],
      ['key', 2, true],
    ]);
    expect(messages.read(input, 2)).toBe(true);
    expect(calls).toHaveLength(3);
  });

  test.each([
    ['an unknown message', hex('07'), 'UnknownMessage'],
    ['another QEMU message', hex('ff 01'), 'UnknownMessage'],
    ['too many encodings', hex('02 00 0401'), 'TooManyEncodings'],
    ['too long a text', hex('06 000000 00010001'), 'TextTooLong'],
    ['an extended clipboard that was not offered', hex('06 000000 fffffffc'), 'TextTooLong'],
    ['24 bits per pixel', hex('00 000000 18 18 00 01 00ff 00ff 00ff 10 08 00 000000'), 'BadPixelFormat'],
    [
      'a colour map for 16 bits',
      hex('00 000000 10 10 00 00 00ff 00ff 00ff 10 08 00 000000'),
      'BadPixelFormat',
    ],
    ['a maximum of 254', hex('00 000000 20 18 00 01 00fe 00ff 00ff 10 08 00 000000'), 'BadPixelFormat'],
    [
      'a colour outside of the pixel',
      hex('00 000000 10 10 00 01 001f 003f 001f 0c 05 00 000000'),
      'BadPixelFormat',
    ],
    ['a shift of 255', hex('00 000000 20 18 00 01 00ff 00ff 00ff ff 08 00 000000'), 'BadPixelFormat'],
    ['colours on each other', hex('00 000000 20 18 00 01 00ff 00ff 00ff 10 0c 00 000000'), 'BadPixelFormat'],
  ])('%s ends the connection', (_, bytes, code) => {
    const input = new ByteReader();
    input.push(bytes);
    const { handler, calls } = recorder();
    expect(() => new ClientMessages(handler).read(input)).toThrow(expect.objectContaining({ code }));
    expect(calls).toEqual([]);
  });
});

test('100,000 random bytes end in a refusal or are understood, and keep no more than the largest message', () => {
  const random = randomNumbers(20_261_121);
  const largest = 4 + 4 * CLIENT_LIMITS.encodings;
  const types = [0, 2, 3, 4, 5, 6, 251, 255];
  let refused = 0;
  for (let sent = 0; sent < 100_000; ) {
    const [messages, input] = [new ClientMessages(recorder().handler), new ByteReader()];
    try {
      for (let i = 0; i < 40; i++) {
        // Half of them begin like a message: random bytes alone hardly pass the first.
        const chunk = Buffer.from(Array.from({ length: 1 + (random() % 60) }, () => random() & 255));
        if (i % 2 === 0) chunk[0] = types[random() % types.length] ?? 0;
        sent += chunk.length;
        input.push(chunk);
        messages.read(input);
        expect(input.length).toBeLessThan(largest);
      }
    } catch (error) {
      if (!(error instanceof RfbError)) throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(100);
});
