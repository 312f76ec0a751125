import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { syncFolder } from '../files/contents.js';
import { fileError } from '../files/errors.js';
import { type DatastoreTree, parentOf } from '../files/tree.js';

/** A file of some datastore. */
export interface Place {
  readonly volume: string;
  /** Within the datastore. */
  readonly path: string;
}

/** What can be done again when it is not known whether it was done. A missing source is no error. */
export type Step =
  | { readonly do: 'remove'; readonly at: Place }
  | { readonly do: 'rename'; readonly from: Place; readonly to: Place }
  | { readonly do: 'truncate'; readonly at: Place; readonly sizeBytes: number };

export type Trees = (volume: string) => DatastoreTree;

const place = z.object({ volume: z.string(), path: z.string().min(1) });
const stepsSchema = z.array(
  z.discriminatedUnion('do', [
    z.object({ do: z.literal('remove'), at: place }),
    z.object({ do: z.literal('rename'), from: place, to: place }),
    z.object({ do: z.literal('truncate'), at: place, sizeBytes: z.number().int().min(0) }),
  ]),
);

/**
 * Operations on files that consist of several steps: whatever dies, they happened or they did not. An entry says what
 * is to be done when it is found at the next start: first what takes the operation back, from its commit on what ends
 * it. Entries lie beside the datastores, named by the datastore whose worker makes them.
 */
export class Journal {
  readonly #folder: string;
  readonly #volume: string;
  readonly #trees: Trees;

  constructor(folder: string, volume: string, trees: Trees) {
    this.#folder = folder;
    this.#volume = volume;
    this.#trees = trees;
  }

  /** @param undo what takes the operation back, whatever part of it was done */
  begin(undo: readonly Step[]): Operation {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, `${this.#volume}-${randomBytes(8).toString('hex')}.json`);
    return new Operation(path, undo, this.#trees);
  }

  /**
   * Ends or takes back what a killed process left. An entry that cannot be done now stays for the next start.
   * @returns what could not be done
   */
  recover(): unknown[] {
    return entriesOf(this.#folder, this.#volume).flatMap(name => {
      const path = join(this.#folder, name);
      try {
        if (name.endsWith('.json')) perform(readSteps(path), this.#trees);
        rmSync(path);
        return [];
      } catch (error) {
        return [error];
      }
    });
  }
}

/** Entries of a datastore, and what was not yet one. */
export function entriesOf(folder: string, volume: string): string[] {
  const names = lstatSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder);
  return names.filter(name => name.startsWith(`${volume}-`));
}

/** One operation under way. `end` belongs into a finally. */
export class Operation {
  readonly #path: string;
  readonly #undo: readonly Step[];
  readonly #trees: Trees;
  #over = false;

  constructor(path: string, undo: readonly Step[], trees: Trees) {
    this.#path = path;
    this.#undo = undo;
    this.#trees = trees;
    writeEntry(path, undo);
  }

  /** From here on the operation ends, whatever dies: what it wrote must be on stable storage. */
  commit(steps: readonly Step[]): void {
    writeEntry(this.#path, steps);
    this.#over = true;
    perform(steps, this.#trees);
    rmSync(this.#path);
  }

  /** Takes back what was not committed. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    perform(this.#undo, this.#trees);
    rmSync(this.#path);
  }
}

function perform(steps: readonly Step[], trees: Trees): void {
  const folders = new Map<string, Place>();
  for (const step of steps) {
    performOne(step, trees);
    for (const { volume, path } of step.do === 'rename' ? [step.from, step.to] : [step.at]) {
      const folder = parentOf(path);
      folders.set(`${volume}/${folder}`, { volume, path: folder });
    }
  }
  for (const { volume, path } of folders.values())
    ignoreMissing(() => trees(volume).inFolder(path, syncFolder));
}

function performOne(step: Step, trees: Trees): void {
  if (step.do === 'rename') {
    const { from, to } = step;
    ignoreMissing(() =>
      trees(from.volume).inParent(from.path, source =>
        trees(to.volume).inParent(to.path, target => renameSync(source, target)),
      ),
    );
    return;
  }
  const { volume, path } = step.at;
  const tree = trees(volume);
  ignoreMissing(() => {
    if (step.do === 'truncate') truncate(tree, path, step.sizeBytes);
    else if (tree.stat(path).type === 'directory') tree.remove(path, true);
    // Not tree.remove: the operation itself may hold the file's lock.
    else tree.inParent(path, target => unlinkSync(target));
  });
}

function truncate(tree: DatastoreTree, path: string, sizeBytes: number): void {
  const fd = tree.openFile(path, constants.O_RDWR);
  try {
    ftruncateSync(fd, sizeBytes);
  } finally {
    closeSync(fd);
  }
}

function ignoreMissing(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (fileError(error, '').code !== 'NotFound') throw error;
  }
}

function readSteps(path: string): Step[] {
  return stepsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

function writeEntry(path: string, steps: readonly Step[]): void {
  const fresh = `${path}.new`;
  const fd = openSync(fresh, 'w', 0o600);
  try {
    writeSync(fd, JSON.stringify(steps));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, path);
  syncFolder(join(path, '..'));
}
