import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostNameIn, readHostName } from './host-name.js';

describe('host name of the console', () => {
  let folder: string;
  let template: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'name-'));
    template = join(folder, 'template');
    mkdirSync(join(template, 'sysconfig'), { recursive: true });
    writeFileSync(join(template, 'sysconfig', 'network'), 'NETWORKING=yes\nHOSTNAME=esx01.localdomain\n');
    mkdirSync(join(folder, 'console', 'etc', 'sysconfig'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (): string => join(folder, 'console', 'etc', 'sysconfig', 'network');
  const read = (): string => readHostName(join(folder, 'console'), template);

  it("is the template's before the first boot, the console's own afterwards", () => {
    expect(read()).toBe('esx01.localdomain');
    writeFileSync(file(), 'HOSTNAME="esx7"\n');
    expect(read()).toBe('esx7');
  });

  it('follows no link that the console laid and waits for no FIFO', () => {
    writeFileSync(join(folder, 'secret'), 'HOSTNAME=leaked\n');
    symlinkSync(join(folder, 'secret'), file());
    expect(read()).toBe('esx01.localdomain');
    rmSync(file());
    execFileSync('mkfifo', [file()]);
    expect(read()).not.toBe('leaked');
  });

  it('takes no name that is none', () => {
    expect(hostNameIn('HOSTNAME=a b\n')).toBe('localhost.localdomain');
    expect(hostNameIn('HOSTNAME=$(reboot)\n')).toBe('localhost.localdomain');
  });
});
