import { BLOCK_BYTES, Opcode } from './opcodes.js';

/** The parts of INQUIRY, MODE SENSE, READ CAPACITY and REPORT LUNS data that a virtual disk answers. */
export interface DiskIdentity {
  readonly blocks: number;
  readonly writeCache: boolean;
  /** The sixteen bytes of its NAA identity, where its descriptor has one. */
  readonly uuid: Uint8Array | undefined;
}

const NO_UNIT = 0x7f;
const ALL_PAGES = 0x3f;
const CACHING_PAGE = 0x08;
const CONTROL_PAGE = 0x0a;
const CHANGEABLE = 1;

const ascii = (text: string, bytes: number): number[] => [...text.padEnd(bytes)].map(c => c.charCodeAt(0));
const be16 = (value: number): number[] => [(value >>> 8) & 255, value & 255];
const be32 = (value: number): number[] => [...be16(value >>> 16), ...be16(value & 0xffff)];

/** SPC-3 6.4.2; SCSI-2 level as the product's virtual disks; wide, synchronous, command queuing. */
export function standardInquiry(unitExists: boolean): number[] {
  const head = [unitExists ? 0 : NO_UNIT, 0, 2, 2, 31, 0, 0, 0x32];
  return [...head, ...ascii('VMware', 8), ...ascii('Virtual disk', 16), ...ascii('1.0', 4)];
}

/** Vital product data, or undefined where the disk has no such page. */
export function vitalProductData(page: number, { uuid }: DiskIdentity): number[] | undefined {
  const hex = uuid === undefined ? '' : Buffer.from(uuid).toString('hex');
  const framed = (body: number[]): number[] => [0, page, ...be16(body.length), ...body];
  if (page === 0x00) return framed(uuid === undefined ? [0] : [0, 0x80, 0x83]);
  if (uuid === undefined) return undefined;
  if (page === 0x80) return framed(ascii(hex, 32));
  // A binary NAA designator of the logical unit.
  if (page === 0x83) return framed([0x01, 0x03, 0, uuid.length, ...uuid]);
  return undefined;
}

/** MODE SENSE(6) and (10), SPC-3 6.9 and 6.10; undefined where the disk has no such page. */
export function modeSense(cdb: Uint8Array, disk: DiskIdentity): number[] | undefined {
  const [opcode = 0, flags = 0, selector = 0, subpage = 0] = cdb;
  const pages = modePages(selector & 0x3f, subpage, selector >>> 6, disk);
  if (pages === undefined) return undefined;
  // Block descriptor: density 0, blocks (all ones of its 24 bits when they are more), block length.
  const blocks = be32(Math.min(disk.blocks, 0xffffff));
  const descriptor = flags & 0x08 ? [] : [...blocks, ...be32(BLOCK_BYTES)];
  const body = [...descriptor, ...pages];
  const parameters = 0x10; // DPOFUA: FUA is honoured
  if (opcode === Opcode.modeSense6) return [body.length + 3, 0, parameters, descriptor.length, ...body];
  return [...be16(body.length + 6), 0, parameters, 0, 0, ...be16(descriptor.length), ...body];
}

function modePages(page: number, subpage: number, control: number, disk: DiskIdentity): number[] | undefined {
  if (subpage !== 0 && subpage !== 0xff) return undefined;
  const writeCache = disk.writeCache && control !== CHANGEABLE ? 0x04 : 0;
  const caching = [CACHING_PAGE, 18, writeCache, ...new Array<number>(17).fill(0)];
  // Global logging target save disabled; commands may be reordered.
  const behaviour = control === CHANGEABLE ? [0, 0] : [0x02, 0x10];
  const controlPage = [CONTROL_PAGE, 10, ...behaviour, ...new Array<number>(8).fill(0)];
  if (page === ALL_PAGES) return [...caching, ...controlPage];
  if (page === CACHING_PAGE) return caching;
  return page === CONTROL_PAGE ? controlPage : undefined;
}

export function readCapacity10(blocks: number): number[] {
  return [...be32(Math.min(blocks - 1, 0xffffffff)), ...be32(BLOCK_BYTES)];
}

export function readCapacity16(blocks: number): number[] {
  const last = blocks - 1;
  return [
    ...be32(Math.floor(last / 2 ** 32)),
    ...be32(last),
    ...be32(BLOCK_BYTES),
    ...new Array<number>(20).fill(0),
  ];
}

/** One logical unit: number 0. */
export function reportLuns(): number[] {
  return [...be32(8), ...new Array<number>(12).fill(0)];
}
