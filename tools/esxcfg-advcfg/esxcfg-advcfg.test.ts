import { describe, expect, it } from 'vitest';
import { listText, parseCommandLine, valueText } from './index.js';

describe('esxcfg-advcfg', () => {
  it.each([
    [['-g', '/Cpu/Quantum'], { act: 'get', path: '/Cpu/Quantum', quiet: false }],
    [['--get', '/Cpu/Quantum'], { act: 'get', path: '/Cpu/Quantum', quiet: false }],
    [['-s', '50', '/Cpu/Quantum'], { act: 'set', path: '/Cpu/Quantum', value: 50, quiet: false }],
    [['--set=50', '-q', '/Cpu/Quantum'], { act: 'set', path: '/Cpu/Quantum', value: 50, quiet: true }],
    [['/Cpu/Quantum', '-d'], { act: 'default', path: '/Cpu/Quantum', quiet: false }],
    [['-l'], { act: 'list' }],
    [['-l', '-h'], { act: 'usage' }],
  ])('understands %j', (args, wanted) => {
    expect(parseCommandLine(args)).toEqual(wanted);
  });

  it.each([
    [[]],
    [['/Cpu/Quantum']],
    [['-g']],
    [['-g', '-d', '/Cpu/Quantum']],
    [['-g', '/a', '/b']],
    [['-s', '/Cpu/Quantum']],
    [['-s', 'lots', '/Cpu/Quantum']],
    [['-s', '1e3', '/Cpu/Quantum']],
    [['-s']],
    [['-x']],
    [['-k', '1', 'cpuCellSize']],
    [['__proto__', '-constructor']],
  ])('refuses %j', args => {
    expect(parseCommandLine(args)).toMatchObject({ act: 'refuse' });
  });

  it('tells a value as the product does: `Value of IdleTax is 75`', () => {
    expect(valueText({ path: '/Mem/IdleTax', value: 75 })).toBe('Value of IdleTax is 75\n');
  });

  it('lists options below their titles', () => {
    const text = listText([
      {
        path: '/Mem/IdleTax',
        value: 75,
        defaultValue: 75,
        min: 0,
        max: 99,
        description: 'Idle memory tax rate',
      },
    ]);
    expect(text).toBe(
      'Path          Value  Default  Range  Description\n/Mem/IdleTax  75     75       0-99   Idle memory tax rate\n',
    );
  });
});
