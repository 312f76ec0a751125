import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLog } from './index.js';
import { LogFile } from './log-file.js';

describe('LogFile', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-'));
    path = join(folder, 'vmkernel');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps a bounded number of files of bounded size', () => {
    const file = new LogFile({ path, maxSizeBytes: 100, keptFiles: 2 });
    for (let i = 0; i < 100; i++) file.write(`${String(i).padStart(9, '0')}\n`);
    file.close();
    expect(readdirSync(folder).sort()).toEqual(['vmkernel', 'vmkernel.1', 'vmkernel.2']);
    const text = ['vmkernel.2', 'vmkernel.1', 'vmkernel'].map(name =>
      readFileSync(join(folder, name), 'utf8'),
    );
    const lines = text.join('').trim().split('\n').map(Number);
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, i) => 100 - lines.length + i));
    for (const one of text) expect(one.length).toBeLessThanOrEqual(100);
  });

  it('goes on in the file that is there', () => {
    writeFileSync(path, 'before\n');
    const file = new LogFile({ path, maxSizeBytes: 1000, keptFiles: 1 });
    file.write('after\n');
    file.close();
    expect(readFileSync(path, 'utf8')).toBe('before\nafter\n');
  });

  it('makes the file anew when somebody removed it', () => {
    const file = new LogFile({ path, maxSizeBytes: 1000, keptFiles: 1 });
    file.write('lost\n');
    rmSync(path);
    file.write('kept\n');
    file.close();
    expect(readFileSync(path, 'utf8')).toBe('kept\n');
  });

  describe('moves aside, and says so,', () => {
    const opened = (): string => {
      const file = new LogFile({ path, maxSizeBytes: 1000, keptFiles: 1 });
      file.write('first\n');
      file.close();
      return readFileSync(path, 'utf8');
    };
    const other = (): string => {
      writeFileSync(join(folder, 'other'), '');
      return join(folder, 'other');
    };
    const notice = 'no plain file: moved to vmkernel.aside\nfirst\n';

    it('a link, and does not follow it', () => {
      symlinkSync(other(), path);
      expect(opened()).toBe(notice);
      expect(readlinkSync(`${path}.aside`)).toBe(other());
      expect(readFileSync(other(), 'utf8')).toBe('');
    });

    it('a second name of a file', () => {
      linkSync(other(), path);
      expect(opened()).toBe(notice);
      expect(readFileSync(other(), 'utf8')).toBe('');
    });

    it('a second name of what was moved aside before', () => {
      linkSync(other(), path);
      linkSync(other(), `${path}.aside`);
      expect(opened()).toBe('no plain file: moved to vmkernel.aside.2\nfirst\n');
    });

    it('a FIFO, without waiting for a reader', () => {
      execFileSync('mkfifo', [path]);
      expect(opened()).toBe(notice);
      expect(statSync(`${path}.aside`).isFIFO()).toBe(true);
    });

    it('a folder, past one that is aside already', () => {
      mkdirSync(join(path, 'inner'), { recursive: true });
      expect(opened()).toBe(notice);
      rmSync(path);
      mkdirSync(join(path, 'inner'), { recursive: true });
      expect(opened()).toBe('no plain file: moved to vmkernel.aside.2\nfirst\n');
    });

    it('a folder that lies where an old log belongs, with all it holds', () => {
      mkdirSync(join(`${path}.1`, 'inner'), { recursive: true });
      const file = new LogFile({ path, maxSizeBytes: 5, keptFiles: 1 });
      for (const line of ['first\n', 'second\n']) file.write(line);
      file.close();
      expect(readFileSync(`${path}.1`, 'utf8')).toBe('first\n');
      expect(readFileSync(path, 'utf8')).toBe('second\n');
      expect(readdirSync(`${path}.aside`)).toEqual(['inner']);
    });
  });

  it('counts the lines that the disk refused and tells when it accepts again', () => {
    const file = new LogFile({ path, maxSizeBytes: 10, keptFiles: 1 });
    file.write('0123456789\n');
    rmSync(folder, { recursive: true });
    file.write('lost 1\n');
    file.write('lost 2\n');
    execFileSync('mkdir', [folder]);
    file.write('back\n');
    file.close();
    expect(readFileSync(path, 'utf8')).toBe('2 lines lost: the disk refused them\nback\n');
  });

  it('stands behind a logger', () => {
    const log = openLog({ path, form: { kind: 'vmkernel', hostName: 'esx1', bootTimeMs: Date.now() } });
    log.logger.child({ module: 'Boot' }).info({ pages: 12 }, 'up');
    log.close();
    expect(readFileSync(path, 'utf8')).toMatch(
      / esx1 vmkernel: 0:00:00:00\.\d{3} cpu0:0\)Boot: up \{"pages":12\}\n$/,
    );
  });
});
