export const BLOCK_BYTES = 512;

/** Operation codes of SPC-3 and SBC-2 that a virtual disk answers. */
export const Opcode = {
  testUnitReady: 0x00,
  requestSense: 0x03,
  read6: 0x08,
  write6: 0x0a,
  inquiry: 0x12,
  reserve6: 0x16,
  release6: 0x17,
  modeSense6: 0x1a,
  readCapacity10: 0x25,
  read10: 0x28,
  write10: 0x2a,
  verify10: 0x2f,
  synchronizeCache10: 0x35,
  modeSense10: 0x5a,
  read16: 0x88,
  write16: 0x8a,
  verify16: 0x8f,
  synchronizeCache16: 0x91,
  serviceActionIn16: 0x9e,
  reportLuns: 0xa0,
  read12: 0xa8,
  write12: 0xaa,
} as const;

export const READ_CAPACITY_16_ACTION = 0x10;

export interface BlockRange {
  readonly block: number;
  readonly count: number;
}

/** LBA and transfer length of a read, write, verify or synchronize command, by the length its group code implies. */
export function blockRange(cdb: Uint8Array): BlockRange {
  const view = new DataView(cdb.buffer, cdb.byteOffset, cdb.byteLength);
  switch (view.getUint8(0) >>> 5) {
    case 0: // six bytes: 21 bits of LBA; zero blocks mean 256
      return { block: view.getUint32(0) & 0x1fffff, count: view.getUint8(4) || 256 };
    case 4:
      return { block: view.getUint32(2) * 2 ** 32 + view.getUint32(6), count: view.getUint32(10) };
    case 5:
      return { block: view.getUint32(2), count: view.getUint32(6) };
    default:
      return { block: view.getUint32(2), count: view.getUint16(7) };
  }
}
