import { GuestBuildError } from '../guest-build-error.js';

/**
 * Linux's x86 boot image: real-mode setup sectors, then the protected-mode part. Offsets are those of
 * Documentation/x86/boot.rst, protocol 2.08 and later.
 */
export interface BzImage {
  readonly setup: Buffer;
  readonly protectedMode: Buffer;
  /** The compressed kernel (ELF) inside the protected-mode part. */
  readonly payload: Buffer;
  /** Memory the kernel needs from its load address on before it can look at a memory map. */
  readonly initBytes: number;
}

const SETUP_SECTORS = 0x1f1;
const PARAGRAPHS = 0x1f4;
const MAGIC = 0x202;
const VERSION = 0x206;
const LOAD_FLAGS = 0x211;
const CODE32_START = 0x214;
const RELOCATABLE = 0x234;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const PREFERRED_ADDRESS = 0x258;
const INIT_SIZE = 0x260;

/** Where boot loaders put the protected-mode part of a kernel that cannot be relocated. */
export const LOAD_ADDRESS = 0x100000;

const bad = (reason: string): GuestBuildError =>
  new GuestBuildError('BadKernel', `not a bzImage: ${reason}`, { reason });

/** Splits a boot image; a repacked one names no payload. */
export const parseBzImage = (image: Buffer, { repacked = false } = {}): BzImage => {
  if (image.length < 0x280 || image.toString('latin1', MAGIC, MAGIC + 4) !== 'HdrS')
    throw bad('no setup header');
  if (image.readUInt16LE(VERSION) < 0x20a) throw bad('boot protocol older than 2.10');
  if (((image[LOAD_FLAGS] ?? 0) & 1) === 0) throw bad('it loads low');
  const setupBytes = ((image[SETUP_SECTORS] || 4) + 1) * 512;
  const protectedMode = image.subarray(setupBytes);
  const from = image.readUInt32LE(PAYLOAD_OFFSET);
  const length = image.readUInt32LE(PAYLOAD_LENGTH);
  if ((length === 0 && !repacked) || from + length > protectedMode.length)
    throw bad('the payload ends beyond the file');
  return {
    setup: image.subarray(0, setupBytes),
    protectedMode,
    payload: protectedMode.subarray(from, from + length),
    initBytes: image.readUInt32LE(INIT_SIZE),
  };
};

/**
 * The same kernel with another protected-mode part, one that runs at LOAD_ADDRESS only and needs memory up to
 * `memoryEnd`.
 */
export const withProtectedMode = (original: BzImage, code: Buffer, memoryEnd: number): Buffer => {
  const setup = Buffer.from(original.setup);
  const paragraphs = Math.ceil(code.length / 16);
  setup.writeUInt32LE(paragraphs, PARAGRAPHS);
  setup.writeUInt32LE(LOAD_ADDRESS, CODE32_START);
  setup[RELOCATABLE] = 0;
  setup.writeUInt32LE(0, PAYLOAD_OFFSET);
  setup.writeUInt32LE(0, PAYLOAD_LENGTH);
  setup.writeBigUInt64LE(BigInt(LOAD_ADDRESS), PREFERRED_ADDRESS);
  setup.writeUInt32LE(memoryEnd - LOAD_ADDRESS, INIT_SIZE);
  return Buffer.concat([setup, code, Buffer.alloc(paragraphs * 16 - code.length)]);
};
