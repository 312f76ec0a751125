import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { vmxProgram } from './vmx-program.js';

let folder: string;
let main: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmx-program-'));
  main = join(folder, 'main.js');
  writeFileSync(main, 'one');
  writeFileSync(join(folder, 'vmx.js'), 'two');
  mkdirSync(join(folder, 'prepared'));
  const sha256 = createHash('sha256').update('onetwo').digest('hex');
  writeFileSync(
    join(folder, 'prepared/inputs.json'),
    JSON.stringify({ files: ['../main.js', '../vmx.js'], sha256 }),
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

it('runs what was prepared of these very modules', () => {
  expect(vmxProgram(main)).toBe(join(folder, 'prepared/main.js'));
});

it('runs the modules when one has changed since, is gone, or nothing was prepared', () => {
  writeFileSync(join(folder, 'vmx.js'), 'three');
  expect(vmxProgram(main)).toBe(main);
  rmSync(join(folder, 'vmx.js'));
  expect(vmxProgram(main)).toBe(main);
  rmSync(join(folder, 'prepared'), { recursive: true });
  expect(vmxProgram(main)).toBe(main);
});
