import { describe, expect, it } from 'vitest';
import { LIMITS, parseVmx, VmxDocument, VmxError } from './index.js';

const SAMPLE = `#!/usr/bin/vmware
.encoding = "UTF-8"
config.version = "8"
displayName = "linux |22one|22 |7C"

# a comment
memSize = "256"
ide0:0.Present = "TRUE"\r
bare=  12 # why not
unknown.Key = ""
`;

function defect(source: string | Uint8Array) {
  try {
    parseVmx(source);
  } catch (error) {
    if (error instanceof VmxError) return { code: error.code, reason: error.reason, line: error.line };
    throw error;
  }
  return undefined;
}

describe('parseVmx', () => {
  it('writes back byte for byte what was not touched', () => {
    expect(parseVmx(SAMPLE).toString()).toBe(SAMPLE);
    expect(Buffer.from(parseVmx(Buffer.from(SAMPLE)).toBytes()).toString()).toBe(SAMPLE);
  });

  it('finds keys without regard to case and keeps them as written', () => {
    const document = parseVmx(SAMPLE);
    expect(document.get('MEMSIZE')).toBe('256');
    expect(document.getInt('memsize')).toBe(256);
    expect(document.getBool('IDE0:0.present')).toBe(true);
    expect(document.keys()).toContain('ide0:0.Present');
    document.set('memsize', 512);
    expect(document.toString()).toContain('memSize = "512"\n');
  });

  it('understands |XX escapes and writes them', () => {
    const document = parseVmx(SAMPLE);
    expect(document.get('displayName')).toBe('linux "one" |');
    expect(parseVmx('a = "50|% |zz"').get('a')).toBe('50|% |zz');
    expect(parseVmx('a = "caf|C3|A9"').get('a')).toBe('caf\u00e9');
    document.set('annotation', 'line1\nline2 "q" |22');
    expect(document.toString()).toContain('annotation = "line1|0Aline2 |22q|22 |7C22"\n');
    expect(parseVmx(document.toString()).get('annotation')).toBe('line1\nline2 "q" |22');
  });

  it('reads unquoted values up to a comment', () => {
    expect(parseVmx(SAMPLE).getInt('bare')).toBe(12);
  });

  it('appends new keys with the line end of the file and deletes whole lines', () => {
    const document = parseVmx('a = "1"\r\nb = "2"');
    document.set('c', true);
    document.delete('A');
    expect(document.toString()).toBe('b = "2"\nc = "TRUE"\r\n');
    expect(document.delete('A')).toBe(false);
    const fresh = VmxDocument.empty();
    fresh.set('memsize', 4);
    expect(fresh.toString()).toBe('memsize = "4"\n');
  });

  it('decodes by .encoding and encodes the same way', () => {
    const bytes = Buffer.from('.encoding = "windows-1252"\ndisplayName = "\x80uro"\n', 'latin1');
    const document = parseVmx(bytes);
    expect(document.get('displayName')).toBe('\u20acuro');
    expect(Buffer.compare(Buffer.from(document.toBytes()), bytes)).toBe(0);
    document.set('displayName', '\u0416');
    expect(() => document.toBytes()).toThrow(VmxError);
  });

  it.each([
    ['a = "1"\na="2"', 'DuplicateKey', 2],
    ['a = "1"\nA = "1"', 'DuplicateKey', 2],
    ['x', 'NotAnAssignment', 1],
    ['\n = "1"', 'BadKey', 2],
    ['a b = "1"', 'BadKey', 1],
    ['a = "1', 'UnterminatedQuote', 1],
    ['a = "1" b', 'TrailingText', 1],
    ['a = 1" b', 'StrayQuote', 1],
    ['a = "\0"', 'ContainsNul', 1],
    ['\n.encoding = "EBCDIC"', 'UnsupportedEncoding', 2],
    [`a = "${'x'.repeat(LIMITS.lineLength)}"`, 'LineTooLong', 1],
    ['\n'.repeat(LIMITS.lines + 1), 'TooManyLines', LIMITS.lines + 1],
    ['#'.repeat(LIMITS.sizeBytes + 1), 'TooLarge', 0],
    [Buffer.from('a = "\xff"', 'latin1'), 'NotInEncoding', 0],
  ])('refuses a defect with its line (%#)', (source, reason, line) => {
    expect(defect(source)).toEqual({ code: 'InvalidVmx', reason, line });
  });

  it('answers every truncation with a document or an InvalidVmx of an existing line', () => {
    const bytes = Buffer.from(`${SAMPLE}name = "caf\u00e9"\n`);
    for (let length = 0; length <= bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      const found = defect(cut);
      if (found === undefined) expect(Buffer.from(parseVmx(cut).toBytes()).equals(cut)).toBe(true);
      else expect(found.line).toBeLessThanOrEqual(cut.toString().split('\n').length);
    }
  });

  it('answers noise with a document or an InvalidVmx, never with another error', () => {
    let seed = 7;
    const next = (below: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed % below;
    };
    const alphabet = Buffer.from('a.:=" |2#\n\r\t\0\xc3\xa9Z', 'latin1');
    for (let round = 0; round < 2000; round++) {
      const bytes = Buffer.from(Array.from({ length: next(60) }, () => alphabet[next(alphabet.length)] ?? 0));
      if (defect(bytes) === undefined)
        expect(Buffer.from(parseVmx(bytes).toBytes()).equals(bytes)).toBe(true);
    }
  });
});

describe('VmxDocument values', () => {
  it('names key and line of a value of the wrong kind', () => {
    const document = parseVmx('a = "1"\nb = "maybe"\nc = "0x10"\nd = "12 MB"\ne = "99999999999999999999"');
    expect(document.getInt('c')).toBe(16);
    expect(() => document.getBool('b')).toThrow(
      expect.objectContaining({ reason: 'BadValue', line: 2, key: 'b' }),
    );
    expect(() => document.getInt('d')).toThrow(expect.objectContaining({ reason: 'BadValue', line: 4 }));
    expect(() => document.getInt('e')).toThrow(VmxError);
    expect(document.getInt('none')).toBeUndefined();
  });

  it('refuses keys that could not be read back', () => {
    expect(() => VmxDocument.empty().set('a b', '1')).toThrow(VmxError);
  });
});
