import { GuestBuildError } from '../guest-build-error.js';
import type { Workshop } from '../workshop.js';
import { assemble } from './assemble.js';
import { LOAD_ADDRESS, parseBzImage, withProtectedMode } from './bzimage.js';
import { flatten } from './elf32.js';
import { lz4 } from './lz4.js';

export interface RepackedKernel {
  readonly bzImage: Buffer;
  /** First address that neither the kernel nor its unpacking uses. */
  readonly memoryEnd: number;
}

const PAGE_BYTES = 4096;

/**
 * Debian's kernel is compressed with XZ, which costs the guest's engine seconds at every boot. This is the same kernel,
 * compressed with LZ4 and unpacked by loader/unpack.S to the address it was linked for; any boot loader can load it.
 */
export const repackKernel = async (workshop: Workshop, image: Buffer): Promise<RepackedKernel> => {
  const original = parseBzImage(image);
  const elf = await unxz(workshop, original.payload);
  const flat = flatten(elf);
  const unpack = await assemble(workshop, workshop.recipe('loader', 'unpack.S'), {
    address: 0,
    symbols: { DEST: flat.address },
  });
  // The loader's block list ends with a size of zero, which `lz4 -l` does not write.
  const code = Buffer.concat([unpack, await lz4(workshop, flat.bytes), Buffer.alloc(PAGE_BYTES)]);
  const memoryEnd = flat.address + Math.max(original.initBytes, flat.bytes.length);
  if (LOAD_ADDRESS + code.length > flat.address) {
    throw new GuestBuildError('BadKernel', 'the packed kernel reaches into the place it is unpacked to');
  }
  return { bzImage: withProtectedMode(original, code, memoryEnd), memoryEnd };
};

/** The kernel's build appends the unpacked size to the XZ stream, which xz reports as an unexpected end after all data. */
const unxz = (workshop: Workshop, payload: Buffer): Promise<Buffer> =>
  workshop.run('xz', ['-dc', '--single-stream'], { input: payload.subarray(0, payload.length - 4) });
