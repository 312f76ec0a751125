import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coreBytesPath, loadCore, makeCoreCode, setTiers } from './core-code.js';
import { EXTRA_GLOBALS } from './core-patch.js';

describe('machine code of the core, made beforehand', () => {
  let folder: string;
  let path: string;
  let code: Uint8Array;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'core-code-'));
    path = join(folder, 'core.code');
    const made = makeCoreCode();
    code = made.code;
    writeFileSync(path, code);
    writeFileSync(coreBytesPath(path), made.bytes);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is taken by a process with the same flags', () => {
    setTiers('rising');
    const { core, prepared } = loadCore(path);
    expect(prepared).toBe(true);
    const exports = Object.entries(new WebAssembly.Instance(core, new AnyImports(core)).exports);
    expect(exports.map(([name]) => name)).toEqual(
      expect.arrayContaining(['allocate_memory', EXTRA_GLOBALS.area]),
    );
  });

  it('gives way to compiling where the flags are others, it was made by another V8, or it is missing', () => {
    setTiers('baseline');
    expect(loadCore(path).prepared).toBe(false);
    setTiers('rising');
    expect(loadCore(join(folder, 'missing')).prepared).toBe(false);
    const other = code.slice();
    other[4] = (other[4] ?? 0) ^ 1;
    writeFileSync(path, other);
    expect(loadCore(path).prepared).toBe(false);
  });
});

/** Whatever a module asks for, doing nothing. */
class AnyImports {
  [module: string]: Record<string, unknown>;
  constructor(core: WebAssembly.Module) {
    for (const { module, name, kind } of WebAssembly.Module.imports(core)) {
      this[module] ??= {};
      this[module][name] =
        kind === 'table' ? new WebAssembly.Table({ element: 'anyfunc', initial: 2048 }) : () => 0;
    }
  }
}
