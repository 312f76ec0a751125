import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../statistics.js';

const ROUNDS = 100;
const VMX_BYTES = 1000;

/** What it costs here to replace a small file for good, whoever does it: two fsyncs and a rename. @returns ms, median */
export function durableReplaceMs(folder: string): number {
  const [temporary, file] = [join(folder, '.replace.tmp'), join(folder, '.replace')];
  const tookMs: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const startMs = performance.now();
    const fd = openSync(temporary, 'w');
    writeSync(fd, Buffer.alloc(VMX_BYTES));
    fsyncSync(fd);
    closeSync(fd);
    renameSync(temporary, file);
    const folderFd = openSync(folder, 'r');
    fsyncSync(folderFd);
    closeSync(folderFd);
    tookMs.push(performance.now() - startMs);
  }
  rmSync(file);
  return median(tookMs);
}
