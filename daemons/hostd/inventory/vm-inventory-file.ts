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

/** Changes that one write makes true together. */
interface Batch {
  /** A row by moid; undefined takes it away. */
  readonly rows: Map<string, string | undefined>;
  readonly written: Promise<void>;
}

/**
 * vmInventory.xml: which virtual machines are registered. The rename of a new file is the moment at which a
 * registration or its end is true. Writes follow one another; changes that come during one share the next.
 */
export class VmInventoryFile {
  readonly #path: string;
  /** What the file holds, by moid and as text. */
  #rows = new Map<string, string>();
  #text = '';
  #nextId = 0;
  /** Gathers changes until its write begins. */
  #gathering: Batch | undefined;
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
    if (typeof entries !== 'string') {
      this.#rows = new Map(entries.map(entry => [entry.moid, this.#row(entry)]));
      this.#text = [...this.#rows.values()].join('');
      return entries;
    }
    await rename(this.#path, `${this.#path}.broken`);
    onBroken(`${this.#path} was set aside: ${entries}`);
    return [];
  }

  /** Resolves when the file holds the entry. */
  put(entry: InventoryEntry): Promise<void> {
    return this.#change(entry.moid, this.#row(entry));
  }

  /** Resolves when the file does not hold the entry. */
  delete(moid: string): Promise<void> {
    return this.#change(moid, undefined);
  }

  #change(moid: string, row: string | undefined): Promise<void> {
    const batch = this.#gathering ?? this.#begin();
    batch.rows.set(moid, row);
    return batch.written;
  }

  #begin(): Batch {
    const rows = new Map<string, string | undefined>();
    const written = this.#last.then(() => {
      this.#gathering = undefined;
      return this.#write(rows);
    });
    // A failed write is told to its callers; the next one stands on its own.
    this.#last = written.catch(() => undefined);
    this.#gathering = { rows, written };
    return this.#gathering;
  }

  async #write(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    const rows = [...changes].flatMap(([moid, row]) => (row === undefined ? [] : [[moid, row] as const]));
    const isAddition = rows.length === changes.size && rows.every(([moid]) => !this.#rows.has(moid));
    // Of many machines the text is long: what only grows is not put together again.
    const kept = isAddition ? [] : [...this.#rows].filter(([moid]) => !changes.has(moid));
    const text =
      (isAddition ? this.#text : kept.map(([, row]) => row).join('')) + rows.map(([, row]) => row).join('');
    await this.#replace(`<ConfigRoot>\n${text}</ConfigRoot>\n`);
    if (!isAddition) this.#rows = new Map(kept);
    for (const [moid, row] of rows) this.#rows.set(moid, row);
    this.#text = text;
  }

  #row(entry: InventoryEntry): string {
    const id = String(this.#nextId).padStart(4, '0');
    this.#nextId += 1;
    return (
      `  <ConfigEntry id="${id}">\n    <objID>${entry.moid}</objID>\n` +
      `    <vmxCfgPath>${escapeText(entry.vmxPath)}</vmxCfgPath>\n  </ConfigEntry>\n`
    );
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
