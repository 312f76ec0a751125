import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VmkernelError } from '../../kernel/abi/index.js';
import { type DatastoreFiles, FILE_CHUNK_BYTES } from '../../kernel/client/index.js';
import { FrontDoorError } from './errors.js';

const STORE = '/vmfs/volumes/storage1';

/** Whether the first datastore has an entry of this name, of whatever kind. */
export async function isOnDatastore(files: DatastoreFiles, name: string): Promise<boolean> {
  return (await files.list(STORE)).some(entry => entry.name === name);
}

/**
 * Copies a VM's folder onto the first datastore, through the VMkernel: the service console may rename and link there
 * as it likes, and no path of the machine outside is followed. It appears under its name by one rename, whole.
 */
export async function deliver(files: DatastoreFiles, folder: string, name: string): Promise<void> {
  const prefix = `.${name}-`;
  const draft = `${STORE}/${prefix}${randomBytes(6).toString('hex')}`;
  try {
    for (const entry of await files.list(STORE))
      if (entry.name.startsWith(prefix)) await files.remove(`${STORE}/${entry.name}`, true);
    await files.mkdir(draft);
    for (const file of await readdir(folder)) await copyFile(files, join(folder, file), `${draft}/${file}`);
    await files.rename(draft, `${STORE}/${name}`);
  } catch (cause) {
    if (!(cause instanceof VmkernelError)) throw cause;
    throw new FrontDoorError(
      'StepFailed',
      `the guest could not be put on datastore storage1: ${cause.message} (${cause.code})`,
      `Look at what lies there (./esx shell ls -la ${STORE}), then run this again.`,
      { cause },
    );
  }
}

/** Runs of zeros are left out: the copy is as sparse as it can be. */
async function copyFile(files: DatastoreFiles, from: string, to: string): Promise<void> {
  const source = await open(from, 'r');
  try {
    const { size } = await source.stat();
    await files.write(to, new Uint8Array(0), { create: true, truncate: true });
    for (let at = 0; at < size; at += FILE_CHUNK_BYTES) {
      const chunk = await readChunk(source, at, Math.min(FILE_CHUNK_BYTES, size - at));
      const isLast = at + chunk.length >= size;
      if (isLast || !isZero(chunk)) await files.write(to, chunk, { offsetBytes: at, create: true });
    }
  } finally {
    await source.close();
  }
}

async function readChunk(source: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await source.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function isZero(chunk: Buffer): boolean {
  return chunk.length > 0 && chunk[0] === 0 && chunk.subarray(1).equals(chunk.subarray(0, -1));
}
