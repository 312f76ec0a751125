import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workshop } from '../workshop.js';

/** The "legacy" frame of LZ4, the one that Linux reads: blocks of up to 8 MiB, each behind its compressed size. */
export const lz4 = (workshop: Workshop, plain: Buffer): Promise<Buffer> =>
  workshop.scratch(async folder => {
    const path = join(folder, 'plain');
    await writeFile(path, plain);
    await workshop.run('lz4', ['-l', '-9', '-q', '-f', path, `${path}.lz4`]);
    return readFile(`${path}.lz4`);
  });
