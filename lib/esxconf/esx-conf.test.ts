import { describe, expect, it } from 'vitest';
import { consoleMemoryOf, EsxConf } from './index.js';

const TEXT = '# by hand\n/adv/Mem/IdleTax = "75"\nno setting\n/boot/memSize = "300"\n/boot/memSize = "400"\n';

describe('esx.conf', () => {
  it('tells the last line of a key', () => {
    const conf = EsxConf.parse(TEXT);
    expect(conf.get('/boot/memSize')).toBe('400');
    expect(conf.get('/adv/Mem/IdleTax')).toBe('75');
    expect(conf.get('/boot')).toBeUndefined();
  });

  it('changes the line that counts and nothing else', () => {
    const conf = EsxConf.parse(TEXT);
    conf.set('/boot/memSize', '512');
    expect(conf.toString()).toBe(TEXT.replace('"400"', '"512"'));
  });

  it('appends a setting that was not there', () => {
    const conf = EsxConf.parse('');
    conf.set('/net/pnic/child[0000]/name', 'vmnic0');
    expect(conf.toString()).toBe('/net/pnic/child[0000]/name = "vmnic0"\n');
    expect(EsxConf.parse(conf.toString()).get('/net/pnic/child[0000]/name')).toBe('vmnic0');
  });

  it.each([
    ['/boot/memSize', '1"\n/other = "2'],
    ['/boot/memSize\n/other', '1'],
    ['boot', '1'],
    ['/a b', '1'],
  ])('refuses %j = %j', (key, value) => {
    expect(() => EsxConf.parse('').set(key, value)).toThrow(RangeError);
  });
});

it('counts the lines that say nothing it knows, and keeps them', () => {
  const text = '# a comment\n\n/a = "1"\n\u0000\ufffdgarbage\n/b = unquoted\n';
  const conf = EsxConf.parse(text);
  expect(conf.strayLines).toBe(2);
  expect(conf.toString()).toBe(text);
  expect(EsxConf.parse('').strayLines).toBe(0);
});

describe('the memory of the service console', () => {
  it.each([
    ['', 272, undefined],
    ['/boot/memSize = "800"', 800, undefined],
    ['/boot/memSize = "801"', 272, '801'],
    ['/boot/memSize = "64"', 272, '64'],
    ['/boot/memSize = "lots"', 272, 'lots'],
  ])('of %j is %i MB', (text, sizeMb, refused) => {
    expect(consoleMemoryOf(EsxConf.parse(text))).toEqual({ sizeMb, refused });
  });
});
