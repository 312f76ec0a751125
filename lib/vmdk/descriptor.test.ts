import { describe, expect, it } from 'vitest';
import { InvalidDescriptor, newFlatDescriptor, parseDescriptor } from './index.js';

/** The descriptor of a thin disk made by ESX 3.5's vmkfstools (reference/storage.md 5.4). */
const ESX_35 = `# Disk DescriptorFile
version=1
CID=2af5a1b0
parentCID=ffffffff
createType="vmfs"

# Extent description
RW 409600 VMFS "thin-flat.vmdk"

# The Disk Data Base${' '}
#DDB

ddb.virtualHWVersion = "4"
ddb.uuid = "60 00 C2 90 9c dd 83 ba-fb ce 1b d2 b8 5a 40 6b"
ddb.geometry.cylinders = "200"
ddb.geometry.heads = "64"
ddb.geometry.sectors = "32"
ddb.adapterType = "buslogic"
ddb.thinProvisioned = "1"
`;

function defectOf(text: string | Uint8Array): [string, number] | undefined {
  try {
    parseDescriptor(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidDescriptor)) throw error;
    return [error.reason, error.line];
  }
}

describe('parseDescriptor', () => {
  it('reads the descriptor that ESX 3.5 writes', () => {
    const disk = parseDescriptor(ESX_35);
    expect(disk.cid).toBe('2af5a1b0');
    expect(disk.parentCid).toBe('ffffffff');
    expect(disk.createType).toBe('vmfs');
    expect(disk.capacitySectors).toBe(409600);
    expect(disk.adapterType).toBe('buslogic');
    expect(disk.extents).toEqual([
      { access: 'RW', sectors: 409600, type: 'VMFS', fileName: 'thin-flat.vmdk' },
    ]);
  });

  it('writes back byte for byte, unknown keys, comments, CRLF and bytes that are no UTF-8 included', () => {
    const odd = Buffer.concat([
      Buffer.from(ESX_35.replaceAll('\n', '\r\n')),
      Buffer.from('ddb.x = "'),
      Buffer.from([0xe9, 0xff]),
      Buffer.from('"\r\n  future.Key="a b"   \r\n# last'),
    ]);
    expect(Buffer.from(parseDescriptor(odd).toBytes()).equals(odd)).toBe(true);
  });

  it('reads every form of extent', () => {
    const extents = [
      'RW 4192256 FLAT "d-f001.vmdk" 0',
      'RDONLY 63 SPARSE "d s001.vmdk"',
      'RW 63 ZERO',
      'RW 1 FLAT "/dev/sda" 63 partitionUUID /dev/sda',
    ];
    const text = ESX_35.replace('RW 409600 VMFS "thin-flat.vmdk"', extents.join('\n'));
    expect(parseDescriptor(text).extents).toEqual([
      { access: 'RW', sectors: 4192256, type: 'FLAT', fileName: 'd-f001.vmdk', offsetSectors: 0 },
      { access: 'RDONLY', sectors: 63, type: 'SPARSE', fileName: 'd s001.vmdk' },
      { access: 'RW', sectors: 63, type: 'ZERO' },
      {
        access: 'RW',
        sectors: 1,
        type: 'FLAT',
        fileName: '/dev/sda',
        offsetSectors: 63,
        rest: 'partitionUUID /dev/sda',
      },
    ]);
  });

  it('names the line and the cause of each defect', () => {
    expect(defectOf('')).toEqual(['NotADescriptor', 1]);
    expect(defectOf('COWD\x01')).toEqual(['NotADescriptor', 1]);
    expect(defectOf(ESX_35.replace('CID=2af5a1b0', 'CID=xyz'))).toEqual(['BadValue', 3]);
    expect(defectOf(ESX_35.replace('version=1', 'version=9'))).toEqual(['BadValue', 2]);
    expect(defectOf(ESX_35.replace('CID=2af5a1b0\n', ''))).toEqual(['MissingKey', 0]);
    expect(defectOf(ESX_35.replace('RW 409600 VMFS "thin-flat.vmdk"\n', ''))).toEqual(['NoExtent', 0]);
    expect(defectOf(ESX_35.replace('RW 409600', 'RW 0'))).toEqual(['BadExtent', 8]);
    expect(defectOf(ESX_35.replace('RW 409600', 'RW -1'))).toEqual(['BadExtent', 8]);
    expect(defectOf(ESX_35.replace('RW 409600', 'RW 9999999999999999'))).toEqual(['CapacityTooLarge', 8]);
    expect(defectOf(ESX_35.replace(' "thin-flat.vmdk"', ''))).toEqual(['BadExtent', 8]);
    expect(defectOf(ESX_35.replace('createType', 'CID=1\ncreateType'))).toEqual(['DuplicateKey', 5]);
    expect(defectOf(`${ESX_35}what is this\n`)).toEqual(['NotUnderstood', 20]);
    expect(defectOf(`${ESX_35}ddb.a = "b" c"\n`)).toEqual(['NotUnderstood', 20]);
    expect(defectOf(`${ESX_35}ddb.a = "\0"\n`)).toEqual(['ContainsNul', 20]);
    expect(defectOf(`${ESX_35}#${'x'.repeat(5000)}\n`)).toEqual(['LineTooLong', 20]);
    expect(defectOf(`${ESX_35}\0\0`)).toBeUndefined(); // QEMU's padding
    expect(defectOf(`${ESX_35}\0\n\0`)).toBeUndefined(); // and after a CID that became two digits shorter
    expect(defectOf(ESX_35 + '\n'.repeat(17000))).toEqual(['TooManyLines', 16385]);
    expect(defectOf(ESX_35 + '#'.repeat(1 << 20))).toEqual(['TooLarge', 0]);
    expect(defectOf(ESX_35.replace('RW 409600', `${'RW 1 VMFS "a"\n'.repeat(5000)}RW 409600`))).toEqual([
      'TooManyExtents',
      0,
    ]);
  });

  it('meets truncation at every byte with a descriptor or a typed error', () => {
    const bytes = Buffer.from(ESX_35);
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      const defect = defectOf(cut);
      if (defect === undefined) expect(Buffer.from(parseDescriptor(cut).toBytes()).equals(cut)).toBe(true);
    }
    // Up to the end of the extent's line nothing describes a disk.
    expect(defectOf(bytes.subarray(0, ESX_35.indexOf('"thin-flat')))).toBeDefined();
  });

  it('meets random damage with a descriptor or a typed error, quickly', () => {
    const bytes = Buffer.from(ESX_35);
    let state = 12345;
    const random = (limit: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % limit;
    };
    for (let round = 0; round < 20_000; round++) {
      const damaged = Buffer.from(bytes);
      for (let hits = random(4) + 1; hits > 0; hits--) damaged[random(bytes.length)] = random(256);
      defectOf(damaged.subarray(0, random(bytes.length + 1)));
    }
    const startMs = performance.now();
    const blanks = ' \t'.repeat(2000);
    for (const line of [`a${blanks}=${blanks}"x"${blanks}y`, `RW 1 FLAT "a" 1 ${blanks}x${blanks}"`])
      defectOf(ESX_35 + `${line.slice(0, 4000)}\n`.repeat(200));
    expect(performance.now() - startMs).toBeLessThan(1000);
  });
});

describe('VmdkDescriptor', () => {
  it('changes a value in place and keeps everything else', () => {
    const disk = parseDescriptor(ESX_35);
    disk.set('CID', 'fffffffe');
    disk.set('ddb.adapterType', 'lsilogic');
    expect(disk.toString()).toBe(
      ESX_35.replace('CID=2af5a1b0', 'CID=fffffffe').replace('"buslogic"', '"lsilogic"'),
    );
  });

  it('puts new keys behind their kind', () => {
    const disk = parseDescriptor(ESX_35);
    disk.set('parentFileNameHint', 'base.vmdk');
    disk.set('ddb.toolsVersion', '7299');
    expect(disk.toString()).toContain('createType="vmfs"\nparentFileNameHint="base.vmdk"\n\n# Extent');
    expect(disk.toString().endsWith('ddb.thinProvisioned = "1"\nddb.toolsVersion = "7299"\n')).toBe(true);
    expect(parseDescriptor(disk.toBytes()).parentFileNameHint).toBe('base.vmdk');
  });

  it('replaces extents where they stood', () => {
    const disk = parseDescriptor(ESX_35);
    disk.setExtents([{ access: 'RW', sectors: 819200, type: 'VMFS', fileName: 'thin-flat.vmdk' }]);
    expect(disk.toString()).toBe(ESX_35.replace('409600', '819200'));
  });

  it('refuses values that would break the text', () => {
    expect(() => parseDescriptor(ESX_35).set('ddb.x', 'a"b')).toThrow(InvalidDescriptor);
    expect(() => parseDescriptor(ESX_35).set('ddb.x', 'a\nRW 1 ZERO')).toThrow(InvalidDescriptor);
  });
});

describe('newFlatDescriptor', () => {
  it('writes what ESX 3.5 writes', () => {
    const uuid = Uint8Array.from(Buffer.from('6000c2909cdd83bafbce1bd2b85a406b', 'hex'));
    const disk = newFlatDescriptor({
      capacitySectors: 409600,
      flatFileName: 'thin-flat.vmdk',
      adapterType: 'buslogic',
      uuid,
      cid: 0x2af5a1b0,
      thin: true,
    });
    expect(disk.toString()).toBe(ESX_35);
  });
});
