import { expect, it } from 'vitest';
import { parseFlags, SECTIONS } from './flags.js';
import { formatTree } from './tree.js';

it('prints groups and values as the product does', () => {
  const text = formatTree({
    name: 'Host',
    groups: [
      { name: 'System Info', values: [['Host Name', 'esx1']] },
      { name: 'Outer', groups: [{ name: 'Inner', values: [['Key', 'two\nlines']] }] },
    ],
  });
  const lines = text.split('\n');
  expect(lines.map(line => line.replace(/\.{3,}/, '…'))).toEqual([
    '+Host : ',
    '   \\==+System Info : ',
    '      |----Host Name…esx1',
    '   \\==+Outer : ',
    '      \\==+Inner : ',
    '         |----Key…two?lines',
    '',
  ]);
  expect(lines[2]?.indexOf('esx1')).toBe(lines[5]?.indexOf('two?'));
});

it('prints everything without options, and the sections that are asked for', () => {
  expect(parseFlags([])).toEqual({ sections: SECTIONS });
  expect(parseFlags(['-y', '-w'])).toEqual({ sections: ['hardware', 'system'] });
  expect(parseFlags(['-h', '--nonsense'])).toEqual({ usage: true });
});

it.each(['-n', '-F', '--format=xml', '--nonsense', 'constructor'])('refuses %s', flag => {
  expect(parseFlags([flag])).toHaveProperty('complaint');
});
