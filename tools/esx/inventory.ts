import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { SaxesParser } from 'saxes';
import { openBeneath, SystemError } from '../../lib/linux/index.js';
import { parseVmx } from '../../lib/vmx/index.js';

/** A VM as hostd has it in vmInventory.xml. */
export interface RegisteredVm {
  readonly vmid: number;
  /** `/vmfs/volumes/<volume>/<folder>/<file>.vmx` */
  readonly vmxPath: string;
}

const EFBIG = 27;
const MAX_BYTES = 4 << 20;
const ENTRY = 'ConfigEntry';

/**
 * Reads the inventory without hostd, so that a host whose hostd restarts still has its VMs. @returns null when it
 * cannot be read: what the console laid in its place, a lease on it
 */
export function readInventory(root: string): RegisteredVm[] | null {
  if (!existsSync(root)) return [];
  try {
    const text = readInside(root, 'console/etc/vmware/hostd/vmInventory.xml');
    return text === null ? [] : parseInventory(text);
  } catch (error) {
    if (error instanceof SystemError) return null;
    throw error;
  }
}

/** Entries that are none are left out; a broken file is an empty inventory, as it is for hostd. */
export function parseInventory(text: string): RegisteredVm[] {
  const found: RegisteredVm[] = [];
  let fields: Record<string, string> = {};
  let current = '';
  const parser = new SaxesParser();
  parser.on('opentag', tag => {
    if (tag.name === ENTRY) fields = {};
    current = tag.name;
  });
  parser.on('text', value => {
    fields[current] = (fields[current] ?? '') + value;
  });
  parser.on('closetag', tag => {
    current = '';
    const vmid = Number(fields.objID);
    const vmxPath = fields.vmxCfgPath?.trim();
    if (tag.name === ENTRY && Number.isInteger(vmid) && vmxPath) found.push({ vmid, vmxPath });
  });
  let broken = false;
  parser.on('error', () => {
    broken = true;
  });
  parser.write(text).close();
  return broken ? [] : found;
}

/** The display name in a .vmx, or the file's own name where it has none or cannot be read. */
export function displayName(vmx: Uint8Array | null, vmxPath: string): string {
  const fallback = basename(vmxPath, '.vmx');
  if (vmx === null) return fallback;
  try {
    return parseVmx(vmx).get('displayName') ?? fallback;
  } catch {
    // A broken .vmx is reported by its power-on; here its VM only needs a name.
    return fallback;
  }
}

/**
 * Reads a file below the host's folder that the console may write: no link is followed on the way, so what is read
 * lies there, and no more than 4 MiB of it.
 */
function readInside(root: string, path: string): string | null {
  const folder = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const fd = openBeneath(folder, path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile() || stat.size > MAX_BYTES) throw new SystemError('read', EFBIG, path);
      const bytes = Buffer.alloc(stat.size);
      return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof SystemError && error.code === 'ENOENT') return null;
    throw error;
  } finally {
    closeSync(folder);
  }
}
