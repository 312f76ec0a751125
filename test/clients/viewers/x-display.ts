import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { runProgram } from '../../harness/index.js';
import { decodePicture, type Picture } from './picture.js';

/** An X server without a screen, programs on it, and a hand that types. */
export class XDisplay {
  readonly #programs: ChildProcess[] = [];

  private constructor(
    private readonly folder: string,
    private readonly server: ChildProcess,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  static async open(folder: string): Promise<XDisplay> {
    mkdirSync(folder);
    const flags = ['-screen', '0', '1024x768x24', '-nolisten', 'tcp', '-noreset', '-fbdir', folder];
    const server = spawn('/usr/bin/Xvfb', ['-displayfd', '3', ...flags], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const [line] = (await once(server.stdio[3] as Readable, 'data')) as [Buffer];
    const display = `:${line.toString('latin1').trim()}`;
    return new XDisplay(folder, server, { PATH: '/usr/bin:/bin', HOME: folder, DISPLAY: display });
  }

  start(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { stdio: 'ignore', env: this.environment });
    this.#programs.push(child);
    return child;
  }

  /** Runs xdotool. */
  async hand(...args: string[]): Promise<void> {
    const options = { env: this.environment, timeoutMs: 60_000 };
    const { status, stderr } = await runProgram('/usr/bin/xdotool', args, options);
    if (status !== 0) throw new Error(`xdotool ${args.join(' ')} failed: ${stderr}`);
  }

  /** What a person in front of it would see. */
  picture(): Promise<Picture> {
    return decodePicture(readFileSync(join(this.folder, 'Xvfb_screen0')), 'xwdtopnm');
  }

  async close(): Promise<void> {
    for (const child of [...this.#programs, this.server]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    }
  }
}
