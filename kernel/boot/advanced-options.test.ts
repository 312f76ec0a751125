import { describe, expect, it } from 'vitest';
import { EsxConf } from '../../lib/esxconf/index.js';
import { HostFile, HostFileWriter } from '../abi/index.js';
import { AdvancedOptions } from './advanced-options.js';

/** The options of a boot whose esx.conf reads so. */
function boot(text: string) {
  const memory = new ArrayBuffer(HostFileWriter.SIZE_BYTES);
  HostFileWriter.stamp(memory);
  const conf = EsxConf.parse(text);
  let moves = 0;
  const esxConf = {
    get: (key: string) => conf.get(key),
    write: (settings: ReadonlyMap<string, string>) => {
      for (const [key, value] of settings) conf.set(key, value);
    },
  };
  const table = new HostFileWriter(memory).cpuOption;
  const options = new AdvancedOptions({ table, esxConf, moved: () => moves++ });
  const refused: string[] = [];
  options.load((key, value) => refused.push(`${key}=${value}`));
  return { options, refused, conf, seen: new HostFile(memory).cpuOption, moves: () => moves };
}

describe('advanced options', () => {
  it('have their defaults where esx.conf names none, and what it names where it does', () => {
    expect(boot('').seen.quantumUs()).toBe(20_000);
    const { seen, refused } = boot('/adv/Cpu/Quantum = "50"\n/adv/Misc/RunningVCpuLimit = "192"\n');
    expect([seen.quantumUs(), seen.runningVcpuLimit(), refused]).toEqual([50_000, 192, []]);
  });

  it.each(['0', '201', '-20', '20.5', 'long', ''])(
    'are the default where esx.conf says "%s" of the quantum',
    value => {
      const { seen, refused } = boot(`/adv/Cpu/Quantum = "${value}"\n`);
      expect([seen.quantumUs(), refused]).toEqual([20_000, [`/adv/Cpu/Quantum=${value}`]]);
    },
  );

  it('are durable and seen by the others when they were set', () => {
    const { options, conf, seen, moves } = boot('# mine\n');
    options.set([{ path: '/Cpu/Quantum', value: 80 }]);
    expect([seen.quantumUs(), moves()]).toEqual([80_000, 1]);
    expect(conf.toString()).toBe('# mine\n/adv/Cpu/Quantum = "80"\n');
    expect(options.list().find(({ path }) => path === '/Cpu/Quantum')).toMatchObject({
      value: 80,
      min: 5,
      max: 200,
    });
  });

  it.each([
    ['/Cpu/Quantum', 4, 'InvalidArgument'],
    ['/Cpu/Quantum', 1e300, 'InvalidArgument'],
    ['/Misc/RunningVCpuLimit', 193, 'InvalidArgument'],
    ['/Cpu/quantum', 50, 'NotFound'],
    ['/Mem/NoSuch', 1, 'NotFound'],
  ])('are set all or none: %s = %d', (path, value, code) => {
    const { options, conf, seen, moves } = boot('');
    const change = () =>
      options.set([
        { path: '/Cpu/BoundLagQuanta', value: 9 },
        { path, value },
      ]);
    expect(change).toThrow(expect.objectContaining({ code }));
    expect([seen.boundLagQuanta(), conf.toString(), moves()]).toEqual([2, '', 0]);
  });
});
