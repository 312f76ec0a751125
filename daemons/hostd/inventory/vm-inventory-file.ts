import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PlainFileError, readPlainFile, writePlainFile } from '../../../lib/linux/index.js';
import { CodecError, childNamed, escapeText, readXml } from '../../../lib/vim/index.js';
import { VimFault } from '../../../lib/vim-server/index.js';
import { parseDatastorePath } from './datastore-path.js';

export interface InventoryEntry {
  readonly moid: string;
  /** `/vmfs/volumes/<volume>/<folder>/<file>.vmx` */
  readonly vmxPath: string;
}

/**
 * vmInventory.xml: which virtual machines are registered. The rename of a new file is the moment at which a
 * registration or its end is true. Writes follow one another.
 */
export class VmInventoryFile {
  readonly #path: string;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * A file that cannot be understood is set aside as vmInventory.xml.broken, never overwritten: the host starts
   * without machines, and `onBroken` is told.
   */
  async read(onBroken: (reason: string) => void): Promise<InventoryEntry[]> {
    const entries = this.#entries();
    if (typeof entries !== 'string') return entries;
    await rename(this.#path, `${this.#path}.broken`);
    onBroken(`${this.#path} was set aside: ${entries}`);
    return [];
  }

  async write(entries: readonly InventoryEntry[]): Promise<void> {
    const text = format(entries);
    const written = this.#last.then(() => this.#replace(text));
    // A failed write is told to its caller; the next one stands on its own.
    this.#last = written.catch(() => undefined);
    await written;
  }

  /** The entries, or what is wrong with what lies there. */
  #entries(): InventoryEntry[] | string {
    try {
      const text = readPlainFile(this.#path);
      return text === undefined ? [] : parseInventory(text);
    } catch (error) {
      if (error instanceof PlainFileError) return error.code;
      throw error;
    }
  }

  async #replace(text: string): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    await writePlainFile(this.#path, text, 0o600);
  }
}

/** The entries, or what is wrong with the text. */
function parseInventory(text: string): InventoryEntry[] | string {
  try {
    const root = readXml(text);
    if (root.name !== 'ConfigRoot') return 'it is no inventory';
    const entries = root.children.map(entry => ({
      moid: childNamed(entry, 'objID')?.text ?? '',
      vmxPath: childNamed(entry, 'vmxCfgPath')?.text ?? '',
    }));
    const isSound = entries.every(({ moid, vmxPath }) => /^\d{1,9}$/.test(moid) && isVmxPath(vmxPath));
    return isSound ? entries : 'an entry is broken';
  } catch (error) {
    if (error instanceof CodecError) return error.message;
    throw error;
  }
}

function isVmxPath(path: string): boolean {
  try {
    parseDatastorePath(path);
    return true;
  } catch (error) {
    if (error instanceof VimFault) return false;
    throw error;
  }
}

function format(entries: readonly InventoryEntry[]): string {
  const rows = entries.map((entry, index) => {
    const id = String(index).padStart(4, '0');
    const path = escapeText(entry.vmxPath);
    return (
      `  <ConfigEntry id="${id}">\n    <objID>${entry.moid}</objID>\n` +
      `    <vmxCfgPath>${path}</vmxCfgPath>\n  </ConfigEntry>\n`
    );
  });
  return `<ConfigRoot>\n${rows.join('')}</ConfigRoot>\n`;
}
