import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Workshop } from '../workshop.js';

export interface AssembleOptions {
  /** Where the code will run. */
  readonly address: number;
  readonly symbols?: Readonly<Record<string, number>>;
}

/** Assembles one file with GNU as to the bare bytes of its code. */
export const assemble = (workshop: Workshop, source: string, options: AssembleOptions): Promise<Buffer> =>
  workshop.scratch(async folder => {
    const object = join(folder, 'code.o');
    const binary = join(folder, 'code.bin');
    const symbols = Object.entries(options.symbols ?? {}).flatMap(([name, value]) => [
      '--defsym',
      `${name}=${value}`,
    ]);
    await workshop.run('as', ['--32', '-I', dirname(source), ...symbols, '-o', object, source]);
    const address = `0x${options.address.toString(16)}`;
    await workshop.run('ld', [
      '-m',
      'elf_i386',
      '-Ttext',
      address,
      '--oformat',
      'binary',
      '-o',
      binary,
      object,
    ]);
    return readFile(binary);
  });
