import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPlainFile, writePlainFile } from './plain-file.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plain-'));
  path = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('readPlainFile', () => {
  it('reads a file, also through a link, and knows of none', () => {
    expect(readPlainFile(path)).toBeUndefined();
    writeFileSync(path, 'text');
    symlinkSync(path, join(folder, 'link'));
    expect([readPlainFile(path), readPlainFile(join(folder, 'link'))]).toEqual(['text', 'text']);
  });

  it('refuses a FIFO, a folder, a device and a socket at once, and says which', async () => {
    execFileSync('mkfifo', [path]);
    mkdirSync(join(folder, 'folder'));
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise(resolve => server.once('listening', resolve));
    try {
      for (const name of [path, join(folder, 'folder'), '/dev/zero', join(folder, 'socket')])
        expect(() => readPlainFile(name)).toThrow(`${name} is no plain file`);
    } finally {
      await new Promise(resolve => server.close(resolve));
    }
  });

  it('refuses a file that is too large to be one of settings', () => {
    execFileSync('truncate', ['-s', '1G', path]);
    expect(() => readPlainFile(path)).toThrow('is too large (1073741824 bytes)');
  });
});

describe('writePlainFile', () => {
  it('replaces a file and gives it its mode', async () => {
    writeFileSync(path, 'old', { mode: 0o644 });
    await writePlainFile(path, 'new', 0o600);
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['new', 0o600]);
  });

  it('neither waits for a FIFO nor follows a link laid where it writes first', async () => {
    const other = join(folder, 'other');
    writeFileSync(other, 'untouched');
    execFileSync('mkfifo', [`${path}.new`]);
    await writePlainFile(path, 'one', 0o600);
    symlinkSync(other, `${path}.new`);
    await writePlainFile(path, 'two', 0o600);
    expect([readFileSync(path, 'utf8'), readFileSync(other, 'utf8')]).toEqual(['two', 'untouched']);
  });
});
