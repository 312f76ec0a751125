import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MAX_GROUPS, MAX_PCPUS, MAX_WORLDS } from '../../kernel/abi/index.js';
import { GROUP_FIELDS, PCPU_FIELDS, type Snapshot, WORLD_FIELDS } from './snapshot.js';
import type { SnapshotSource } from './source.js';

/**
 * Performance snapshots as files: a folder `snapshots` with `format.json` and a file of JSON for each moment, in the
 * order of their names. What is in them is what esxtop looks at and nothing that the layouts of a build's shared memory
 * would decide.
 */
const FOLDER = 'snapshots';
const FORMAT_FILE = 'format.json';
const FORMAT = 'openesx performance snapshots';
const VERSION = 1;
/** A host of 1024 worlds takes 0.6 MB. */
const MAX_SNAPSHOT_BYTES = 8 << 20;
const MAX_SNAPSHOTS = 999_999;
const SNAPSHOT_FILE = /^snapshot-\d{6}\.json$/;

/** What cannot be replayed; the message says why. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
  readonly code = 'BadRecording';
}

/** A source whose every snapshot is also written. @throws RecordingError, and what the file system says: EEXIST of an old recording */
export function recorded(source: SnapshotSource, folder: string, delayMs: number): SnapshotSource {
  const target = join(folder, FOLDER);
  mkdirSync(target, { recursive: true });
  writeNew(join(target, FORMAT_FILE), { format: FORMAT, version: VERSION, delayMs });
  let count = 0;
  return {
    over: source.over,
    snapshot: previous => {
      const snapshot = source.snapshot(previous);
      count++;
      if (count > MAX_SNAPSHOTS)
        throw new RecordingError(`a recording holds ${MAX_SNAPSHOTS} snapshots at most`);
      writeNew(join(target, snapshotName(count)), plain(snapshot));
      return snapshot;
    },
    endVm: worldIds => source.endVm(worldIds),
    close: () => source.close(),
  };
}

const snapshotName = (number: number): string => `snapshot-${`${number}`.padStart(6, '0')}.json`;

/** Whoever guessed a name and laid a link there leads nobody elsewhere. */
function writeNew(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value)}\n`, { flag: 'wx', mode: 0o600 });
}

function plain(snapshot: Snapshot): unknown {
  const { console } = snapshot;
  return {
    ...snapshot,
    groups: snapshot.groups.map(group => ({ ...group, figures: picked(group.figures, GROUP_FIELDS) })),
    worlds: snapshot.worlds.map(world => ({ ...world, times: picked(world.times, WORLD_FIELDS) })),
    pcpus: snapshot.pcpus.map(figures => picked(figures, PCPU_FIELDS)),
    console: console === null ? null : { ...console, switches: [...console.switches] },
  };
}

function picked<F extends object>(
  figures: F | null,
  fields: readonly (keyof F & string)[],
): Partial<F> | null {
  if (figures === null) return null;
  const kept: Partial<F> = {};
  for (const field of fields) kept[field] = figures[field];
  return kept;
}

const MAX_NAME = 256;
const MAX_ID = 2 ** 31 - 1;
const int = z.number().int().min(-MAX_ID).max(MAX_ID);
const row = z.number().int().min(0).max(MAX_ID);
const figure = z.number();
const name = z.string().max(MAX_NAME);
const figuresOf = <F extends string>(fields: readonly F[]) =>
  z.object(Object.fromEntries(fields.map(field => [field, figure])) as Record<F, typeof figure>).nullable();

const snapshotSchema = z.object({
  // What a Date can hold.
  wallMs: z.number().min(0).max(8.64e15),
  bootWallMs: z.number().min(0).max(8.64e15),
  hostName: name,
  pcpuMhz: figure,
  publishedUs: figure,
  load: z.tuple([figure, figure, figure]).nullable(),
  groups: z
    .array(
      z.object({
        ...{ row, generation: int, groupId: int, parentRow: int, kind: int, name, shares: figure },
        ...{ min: figure, max: figure, expandable: int, units: int, htSharing: int },
        ...{ affinityLow: int, affinityHigh: int, figures: figuresOf(GROUP_FIELDS) },
      }),
    )
    .max(MAX_GROUPS),
  worlds: z
    .array(
      z.object({
        ...{ row, generation: int, worldId: int, groupRow: int, kind: int, name },
        ...{ pcpu: int.max(MAX_PCPUS - 1), times: figuresOf(WORLD_FIELDS) },
      }),
    )
    .max(MAX_WORLDS),
  pcpus: z.array(figuresOf(PCPU_FIELDS)).max(MAX_PCPUS),
  cores: z.array(int).max(MAX_PCPUS),
  console: z
    .object({
      ...{ takenMs: figure, userTicks: figure, systemTicks: figure, blockedTicks: figure.nullable() },
      switches: z
        .array(z.tuple([int, figure]))
        .max(1 << 16)
        .transform(pairs => new Map(pairs)),
    })
    .nullable(),
});
const formatSchema = z.object({
  format: z.literal(FORMAT),
  version: figure,
  delayMs: figure.min(1).max(86_400_000),
});

/** A recording: every look at it is the next snapshot, until there is none. */
export class Replay implements SnapshotSource {
  readonly #folder: string;
  readonly #names: readonly string[];
  readonly #over = new AbortController();
  #next = 0;

  private constructor(
    folder: string,
    names: readonly string[],
    /** Time between two of its snapshots, as it was asked for. */
    readonly delayMs: number,
  ) {
    this.#folder = folder;
    this.#names = names;
  }

  /**
   * @param folder what `vm-support -s` or `-S` packed, unpacked; or its folder of snapshots itself
   * @throws RecordingError
   */
  static open(folder: string): Replay {
    const inside = join(folder, FOLDER);
    const place = isFolder(inside) ? inside : folder;
    if (!isFolder(place)) throw new RecordingError(`${folder} is no folder`);
    const text = readLimited(join(place, FORMAT_FILE), `${folder} holds no performance snapshots`);
    const format = parsed(formatSchema, text, FORMAT_FILE);
    if (format.version !== VERSION)
      throw new RecordingError(
        `${folder} holds performance snapshots of version ${format.version}; this esxtop reads version ${VERSION}`,
      );
    const names = readdirSync(place)
      .filter(name => SNAPSHOT_FILE.test(name))
      .sort();
    if (names.length < 2)
      throw new RecordingError(`${folder} holds ${names.length} performance snapshots: rates need two`);
    return new Replay(place, names, format.delayMs);
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** @throws RecordingError */
  snapshot(previous: Snapshot | null): Snapshot {
    const file = this.#names[this.#next];
    if (file === undefined) {
      if (previous === null) throw new RecordingError(`${this.#folder} holds no performance snapshots`);
      this.#over.abort();
      return previous;
    }
    this.#next++;
    const text = readLimited(join(this.#folder, file), `${file} is gone`);
    return parsed(snapshotSchema, text, file);
  }

  endVm(): Promise<string> {
    return Promise.resolve('A recording: nothing here can be ended');
  }

  close(): void {
    this.#over.abort();
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function readLimited(path: string, missing: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new RecordingError(missing);
  if (!found.isFile()) throw new RecordingError(`${path} is no file`);
  if (found.size > MAX_SNAPSHOT_BYTES) throw new RecordingError(`${path} is larger than any snapshot`);
  return readFileSync(path, 'utf8');
}

function parsed<T>(schema: z.ZodType<T>, text: string, file: string): T {
  const result = schema.safeParse(jsonOf(text, file));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw new RecordingError(`${file} is damaged: ${where === '' ? '' : `${where}: `}${issue?.message ?? ''}`);
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RecordingError(`${file} is damaged: it is no JSON, or cut short`);
  }
}
