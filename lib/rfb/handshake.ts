import type { ByteReader } from './byte-reader.js';
import { RfbError } from './rfb-error.js';
import { CHALLENGE_BYTES, isVncResponse } from './vnc-auth.js';

const SERVER_VERSION = 'RFB 003.008\n';
const VERSION_BYTES = 12;
const Security = { none: 1, vnc: 2 } as const;
const Result = { ok: 0, failed: 1 } as const;

export interface HandshakeOptions {
  /** Null: everybody is let in. */
  readonly password: string | null;
  /** 16 random bytes. */
  readonly challenge: Uint8Array;
  /** Why no viewer is let in now; null: one is. Asked before the viewer is identified, and again after. */
  readonly refusal: () => string | null;
  readonly send: (bytes: Uint8Array) => void;
}

/**
 * The server's side from ProtocolVersion to ClientInit (RFC 6143 7.1 to 7.3), for 3.3, 3.7 and 3.8. Other minor
 * versions are read as the next lower of these, as the specification asks.
 */
export class Handshake {
  readonly #options: HandshakeOptions;
  #step: 'version' | 'security' | 'challenge' | 'clientInit' | 'done' = 'version';
  #minor: 3 | 7 | 8 = 8;
  #shared = true;

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.send(Buffer.from(SERVER_VERSION, 'latin1'));
  }

  /** Whether the viewer wants the others to stay (ClientInit). */
  get shared(): boolean {
    return this.#shared;
  }

  /**
   * @returns true when ClientInit was read; what follows in `input` are messages
   * @throws RfbError after everything that tells the viewer was sent
   */
  advance(input: ByteReader): boolean {
    while (this.#step !== 'done') {
      const before = this.#step;
      this.#read(input);
      if (this.#step === before) return false;
    }
    return true;
  }

  #read(input: ByteReader): void {
    if (this.#step === 'version' && input.length >= VERSION_BYTES) this.#version(input.take(VERSION_BYTES));
    else if (this.#step === 'security' && input.length >= 1) this.#security(input.take(1).readUInt8(0));
    else if (this.#step === 'challenge' && input.length >= CHALLENGE_BYTES)
      this.#response(input.take(CHALLENGE_BYTES));
    else if (this.#step === 'clientInit' && input.length >= 1) {
      this.#shared = input.take(1).readUInt8(0) !== 0;
      this.#step = 'done';
    }
  }

  #version(bytes: Buffer): void {
    const found = /^RFB (\d{3})\.(\d{3})\n$/.exec(bytes.toString('latin1'));
    const [major, minor] = [Number(found?.[1]), Number(found?.[2])];
    if (found === null || major < 3) throw new RfbError('BadVersion', 'the viewer is none of RFB 3');
    // RealVNC's 4 and 5, and Apple's 3.889, speak 3.8 to a server that offers it.
    this.#minor = major > 3 || minor >= 8 ? 8 : minor === 7 ? 7 : 3;
    this.#offerSecurity();
  }

  #offerSecurity(): void {
    const { password, send } = this.#options;
    const refusal = this.#options.refusal();
    const type = password === null ? Security.none : Security.vnc;
    if (refusal !== null) {
      send(Buffer.concat([this.#minor === 3 ? u32(0) : Buffer.of(0), reason(refusal)]));
      throw new RfbError('Refused', refusal);
    }
    if (this.#minor === 3) {
      send(u32(type));
      this.#begin(type);
    } else {
      send(Buffer.of(1, type));
      this.#step = 'security';
    }
  }

  #security(type: number): void {
    const offered = this.#options.password === null ? Security.none : Security.vnc;
    if (type !== offered) {
      this.#fail('this security type was not offered');
      throw new RfbError('BadSecurityType', `security type ${type} was not offered`);
    }
    this.#begin(type);
  }

  #begin(type: number): void {
    if (type === Security.vnc) {
      this.#options.send(this.#options.challenge);
      this.#step = 'challenge';
    } else this.#letIn(this.#minor === 8);
  }

  #response(bytes: Buffer): void {
    const { password, challenge } = this.#options;
    if (password === null || !isVncResponse(password, challenge, bytes)) {
      this.#fail('Authentication failed');
      throw new RfbError('AuthenticationFailed', 'wrong password');
    }
    this.#letIn(true);
  }

  /** @param tell whether this version has a SecurityResult here */
  #letIn(tell: boolean): void {
    const refusal = this.#options.refusal();
    if (refusal !== null) {
      if (tell) this.#fail(refusal);
      throw new RfbError('Refused', refusal);
    }
    if (tell) this.#options.send(u32(Result.ok));
    this.#step = 'clientInit';
  }

  #fail(text: string): void {
    const failed = u32(Result.failed);
    this.#options.send(this.#minor === 8 ? Buffer.concat([failed, reason(text)]) : failed);
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function reason(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([u32(bytes.length), bytes]);
}
