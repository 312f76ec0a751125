import { promisify } from 'node:util';
import { deflate } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const TRUECOLOR = 2;
const NO_FILTER = 0;
const compress = promisify(deflate);

/**
 * A PNG (ISO/IEC 15948) of 8-bit RGB.
 * @param pixels 0x00RRGGBB, row by row
 */
export async function encodePng(width: number, height: number, pixels: Uint32Array): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = TRUECOLOR;
  const rows = Buffer.alloc((3 * width + 1) * height);
  for (let y = 0, at = 0, from = 0; y < height; y++) {
    rows[at++] = NO_FILTER;
    for (let x = 0; x < width; x++, at += 3) rows.writeUIntBE(pixels[from++] ?? 0, at, 3);
  }
  const table = crcTable();
  const chunks = [
    chunk(table, 'IHDR', header),
    chunk(table, 'IDAT', await compress(rows)),
    chunk(table, 'IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([SIGNATURE, ...chunks]);
}

function chunk(table: Uint32Array, type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  const check = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(table, body));
  return Buffer.concat([length, body, check]);
}

/** CRC-32 of ISO 3309; node:zlib has it from Node 20.15 on only. */
function crc32(table: Uint32Array, bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function crcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb88320;
    return crc;
  });
}
