import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type CommandOptions, run } from './command.js';

export interface WorkshopOptions {
  /** Downloads, unpacked packages and finished images; may be thrown away at any time. */
  readonly cacheDir: string;
  /** The tree's guests/ folder: scripts, configurations and assembler sources. */
  readonly recipesDir: string;
  readonly onStep: (step: BuildStep) => void;
  /** PATH and proxies for the programs that are run. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface BuildStep {
  readonly name: string;
  readonly elapsedMs: number;
}

/** Where a build works: its folders, its child processes, its progress. */
export class Workshop {
  constructor(private readonly options: WorkshopOptions) {}

  cache(...names: string[]): string {
    return join(this.options.cacheDir, ...names);
  }

  recipe(...names: string[]): string {
    return join(this.options.recipesDir, ...names);
  }

  run(tool: string, args: readonly string[], options: CommandOptions = {}): Promise<Buffer> {
    const signal = options.signal ?? this.options.signal;
    return run(tool, args, { ...options, baseEnv: this.options.env, ...(signal ? { signal } : {}) });
  }

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const result = await work();
    this.options.onStep({ name, elapsedMs: performance.now() - startMs });
    return result;
  }

  /**
   * Fills a fresh folder beside `target` and renames it into place: whoever is killed in between leaves no half result.
   * When two do so at once, the second's result is dropped: both made the same.
   */
  async publish(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
    const parent = dirname(target);
    await mkdir(parent, { recursive: true });
    await sweep(parent);
    const draft = join(parent, draftName(basename(target)));
    try {
      await mkdir(draft);
      await fill(draft);
      await rename(draft, target).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** A scratch folder, removed whatever happens. */
  async scratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const parent = this.cache('scratch');
    await mkdir(parent, { recursive: true });
    await sweep(parent);
    const folder = join(parent, draftName('work'));
    await mkdir(folder);
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Hidden, and with the maker's pid: what a killed build left is known by it. */
const draftName = (name: string): string => `.${name}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
const DRAFT = /^\..+\.(\d+)\.[0-9a-f]{12}\.tmp$/;

const sweep = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    const pid = DRAFT.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
};
