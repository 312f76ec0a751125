import { describe, expect, it } from 'vitest';
import { VmkernelError } from '../../../kernel/abi/index.js';
import { RunningConfig } from './running-config.js';

const TEXT = [
  '# made by hand',
  'config.version = "8"',
  'displayName = "old"',
  'memsize = "32"',
  'serial0.present = "TRUE"',
  'serial0.fileType = "console"',
  '',
].join('\n');

function running(write: (text: string) => Promise<void> = async () => undefined) {
  const written: string[] = [];
  const config = new RunningConfig(TEXT, {
    write: async text => {
      await write(text);
      written.push(text);
    },
  });
  return { config, written };
}

describe('the configuration of a running VM', () => {
  it('changes what may change and leaves the rest byte for byte', async () => {
    const { config, written } = running();
    await config.change({
      displayName: 'new',
      'sched.cpu.shares': 'high',
      'serial0.startConnected': 'FALSE',
    });
    expect(written).toEqual([
      TEXT.replace('"old"', '"new"') + 'sched.cpu.shares = "high"\nserial0.startConnected = "FALSE"\n',
    ]);
    expect(config.get('displayname')).toBe('new');
  });

  it.each([
    'memsize',
    'numvcpus',
    'guestOS',
    'serial0.fileType',
    'ide0:0.fileName',
    'uuid.bios',
    'ethernet0.present',
  ])('refuses to change %s, and then changes nothing else either', async key => {
    const { config, written } = running();
    const change = config.change({ annotation: 'x', [key]: '64' });
    await expect(change).rejects.toMatchObject({ code: 'InvalidPowerState', details: { key } });
    expect(written).toEqual([]);
    expect(config.get('annotation')).toBeUndefined();
  });

  it('takes a key that is set to what it is, and writes nothing for it', async () => {
    const { config, written } = running();
    await config.change({ memsize: '32', 'no.such.key': null });
    expect(written).toEqual([]);
  });

  it('refuses a value that the configuration cannot have', async () => {
    const { config } = running();
    await expect(config.change({ 'sched.cpu.shares': 'many' })).rejects.toMatchObject({
      code: 'InvalidVmx',
      details: { key: 'sched.cpu.shares' },
    });
  });

  it('keeps the old text when the VMkernel refuses the new one', async () => {
    const { config } = running(() => Promise.reject(new VmkernelError('InsufficientCpu', 'no')));
    await expect(config.change({ annotation: 'x' })).rejects.toMatchObject({ code: 'InsufficientCpu' });
    expect(config.get('annotation')).toBeUndefined();
  });

  it('makes changes that overlap one after the other, none lost', async () => {
    const { config, written } = running(() => new Promise(resolve => setImmediate(resolve)));
    await Promise.all(Array.from({ length: 5 }, (_, i) => config.change({ [`key${i}`]: String(i) })));
    expect(written).toHaveLength(5);
    for (let i = 0; i < 5; i++) expect(config.get(`key${i}`)).toBe(String(i));
  });
});
