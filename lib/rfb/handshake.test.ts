import { describe, expect, test } from 'vitest';
import { ByteReader } from './byte-reader.js';
import { Handshake, type HandshakeOptions } from './handshake.js';
import { vncResponse } from './vnc-auth.js';

const CHALLENGE = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const PASSWORD = 'secret';
const NONE_OFFERED = Buffer.of(1, 1);
const VNC_OFFERED = Buffer.of(1, 2);
const OK = Buffer.of(0, 0, 0, 0);
const FAILED = Buffer.of(0, 0, 0, 1);

function text(value: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([length, Buffer.from(value)]);
}

/** Plays the bytes one by one. @returns all that was sent, whether it ended well, and why not */
function play(client: Buffer, options: Partial<HandshakeOptions> = {}) {
  const sent: Buffer[] = [];
  const handshake = new Handshake({
    password: null,
    challenge: CHALLENGE,
    refusal: () => null,
    send: bytes => sent.push(Buffer.from(bytes)),
    ...options,
  });
  const input = new ByteReader();
  let done = false;
  let error: unknown;
  handshake.start();
  try {
    for (const byte of client) {
      expect(done).toBe(false);
      input.push(Buffer.of(byte));
      done = handshake.advance(input);
    }
  } catch (caught) {
    error = caught;
  }
  return { sent: Buffer.concat(sent), done, shared: handshake.shared, error };
}

const version = (minor: string) => Buffer.from(`RFB 003.${minor}\n`);
const OURS = Buffer.from('RFB 003.008\n');

describe('RFC 6143 7.1 to 7.3', () => {
  test('3.8 without a password', () => {
    const { sent, done, shared } = play(Buffer.concat([version('008'), Buffer.of(1), Buffer.of(1)]));
    expect(sent).toEqual(Buffer.concat([OURS, NONE_OFFERED, OK]));
    expect({ done, shared }).toEqual({ done: true, shared: true });
  });

  test('3.7 without a password has no SecurityResult', () => {
    const { sent, done, shared } = play(Buffer.concat([version('007'), Buffer.of(1), Buffer.of(0)]));
    expect(sent).toEqual(Buffer.concat([OURS, NONE_OFFERED]));
    expect({ done, shared }).toEqual({ done: true, shared: false });
  });

  test.each(['003', '005', '006'])('3.3: the server decides; %s is read as 3.3', minor => {
    const { sent, done } = play(Buffer.concat([version(minor), Buffer.of(1)]));
    expect(sent).toEqual(Buffer.concat([OURS, Buffer.of(0, 0, 0, 1)]));
    expect(done).toBe(true);
  });

  test.each(['003.889', '004.001', '005.000'])('RFB %s is read as 3.8', name => {
    expect(play(Buffer.concat([Buffer.from(`RFB ${name}\n`), Buffer.of(1, 1)])).done).toBe(true);
  });

  test.each(['003', '007', '008'])('a password in 3.%s', minor => {
    const chosen = minor === '003' ? Buffer.of() : Buffer.of(2);
    const offer = minor === '003' ? Buffer.of(0, 0, 0, 2) : VNC_OFFERED;
    const right = Buffer.concat([version(minor), chosen, vncResponse(PASSWORD, CHALLENGE), Buffer.of(1)]);
    expect(play(right, { password: PASSWORD })).toMatchObject({
      sent: Buffer.concat([OURS, offer, CHALLENGE, OK]),
      done: true,
    });
    const wrong = Buffer.concat([version(minor), chosen, vncResponse('guess', CHALLENGE), Buffer.of(1)]);
    const told = minor === '008' ? Buffer.concat([FAILED, text('Authentication failed')]) : FAILED;
    expect(play(wrong, { password: PASSWORD })).toMatchObject({
      sent: Buffer.concat([OURS, offer, CHALLENGE, told]),
      done: false,
      error: { code: 'AuthenticationFailed' },
    });
  });

  test('a viewer that chooses what was not offered is told and ended', () => {
    const { sent, error } = play(Buffer.concat([version('008'), Buffer.of(1)]), { password: PASSWORD });
    expect(error).toMatchObject({ code: 'BadSecurityType' });
    expect(sent.subarray(14)).toEqual(Buffer.concat([FAILED, text('this security type was not offered')]));
  });

  test.each([
    ['008', Buffer.of(0)],
    ['003', Buffer.of(0, 0, 0, 0)],
  ])('who is not let in is told why in 3.%s', (minor, head) => {
    const { sent, error } = play(version(minor), { refusal: () => 'full' });
    expect(error).toMatchObject({ code: 'Refused' });
    expect(sent).toEqual(Buffer.concat([OURS, head, text('full')]));
  });

  test('the last place may be taken while a viewer shows its password', () => {
    let asked = 0;
    const client = Buffer.concat([version('008'), Buffer.of(2), vncResponse(PASSWORD, CHALLENGE)]);
    const { sent } = play(client, { password: PASSWORD, refusal: () => (asked++ > 0 ? 'full' : null) });
    expect(sent.subarray(-12)).toEqual(Buffer.concat([FAILED, text('full')]));
  });

  test.each(['GET / HTTP/1.1', 'RFB 002.000\n', 'RFB 003.008\r', '\0'.repeat(12)])(
    '%j is no version',
    bytes => {
      expect(play(Buffer.from(bytes)).error).toMatchObject({ code: 'BadVersion' });
    },
  );
});

test('the response is DES under the password, bits of each byte reversed (vector of FIPS 81)', () => {
  const key = Buffer.from('0123456789abcdef', 'hex');
  const password = Buffer.from(
    key.map(byte => Number.parseInt(byte.toString(2).padStart(8, '0').split('').reverse().join(''), 2)),
  );
  const plain = Buffer.from('4e6f772069732074', 'hex');
  expect(vncResponse(password.toString('latin1'), Buffer.concat([plain, plain])).toString('hex')).toBe(
    '3fa40e8a984d4815'.repeat(2),
  );
});
