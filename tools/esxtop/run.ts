import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { runBatch } from './batch.js';
import { type Config, ConfigError, DEFAULT_CONFIG, formatConfig, parseConfig } from './config.js';
import { allShown } from './fields.js';
import type { Flags } from './flags.js';
import { Host } from './host.js';
import { LiveSession } from './live.js';
import { Screen } from './screen.js';
import type { SnapshotSource } from './source.js';
import { initialView, type View } from './view.js';

/** What a run is made of besides its flags. */
export interface RunParts {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** TERM names a terminal that can be drawn on. */
  readonly terminalUsable: boolean;
  /** Where the configuration is read from and written to. */
  readonly configPath: string;
  readonly configNeeded: boolean;
  readonly warn: (text: string) => void;
  readonly stop: AbortSignal;
}

/** The VMkernel's control socket as the service console sees it. */
const CONSOLE_SOCKET = '/var/run/vmware/control.sock';
const CONSOLE_PROC = '/proc';
/** The scheduler publishes twice a second: a first look after this time has something to show. */
const FIRST_LOOK_MS = 700;

/** @returns false when the host ended meanwhile @throws HostError, ConfigError, RecordingError */
export async function run(flags: Flags, parts: RunParts): Promise<boolean> {
  const config = readConfig(parts.configPath, parts.configNeeded);
  const fieldOrder = flags.all ? allShown(config.cpuFieldOrder) : config.cpuFieldOrder;
  const batch = flags.mode === 'batch' || !canDraw(parts);
  const { source, delayMs } = await sourceOf(flags, config, batch);
  try {
    if (batch) {
      const options = { fieldOrder, all: flags.all, delayMs, iterations: flags.iterations };
      await runBatch(source, options, text => written(parts.stdout, text), parts.stop);
    } else await runLive(flags, parts, source, { ...config, cpuFieldOrder: fieldOrder, delayMs });
    return flags.replayPath !== null || !source.over.aborted;
  } finally {
    source.close();
  }
}

/** A recording is played as fast as it was made, and as a batch as fast as it is read. */
async function sourceOf(
  flags: Flags,
  config: Config,
  batch: boolean,
): Promise<{ source: SnapshotSource; delayMs: number }> {
  if (flags.replayPath !== null) {
    const { Replay } = await import('./recording.js');
    const source = Replay.open(flags.replayPath);
    return { source, delayMs: batch ? 0 : (flags.delayMs ?? source.delayMs) };
  }
  const delayMs = flags.delayMs ?? config.delayMs;
  const host = await Host.attach({
    socketPath: flags.socketPath ?? CONSOLE_SOCKET,
    consoleProcDir: flags.socketPath === null ? CONSOLE_PROC : null,
  });
  if (flags.recordPath === null) return { source: host, delayMs };
  const { recorded } = await import('./recording.js');
  return { source: recorded(host, flags.recordPath, delayMs), delayMs };
}

function canDraw(parts: RunParts): boolean {
  if (parts.stdout.isTTY && parts.terminalUsable) return true;
  parts.warn(parts.stdout.isTTY ? 'TERM names no usable terminal: batch mode' : 'no terminal: batch mode');
  return false;
}

async function runLive(flags: Flags, parts: RunParts, source: SnapshotSource, config: Config): Promise<void> {
  const { stdin, stdout } = parts;
  const screen = new Screen(stdout);
  const { cpuFieldOrder: fieldOrder, delayMs } = config;
  const view = initialView({ fieldOrder, delayMs, secure: flags.secure });
  const leave = (): void => screen.leave();
  process.once('exit', leave);
  const session = new LiveSession(
    {
      source,
      firstLookMs: FIRST_LOOK_MS,
      screen,
      keys: stdin,
      onResize: listener => stdout.on('resize', listener),
      save: shown => saveConfig(parts.configPath, config, shown),
    },
    view,
    flags.iterations,
  );
  await session.run(parts.stop);
  process.removeListener('exit', leave);
}

function readConfig(path: string, needed: boolean): Config {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined && !needed) return DEFAULT_CONFIG;
  if (found === undefined) throw new ConfigError(0, 'there is no such file', path);
  // The opening of a FIFO would wait for its writer for ever.
  if (!found.isFile()) throw new ConfigError(0, 'is no file', path);
  try {
    return parseConfig(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(error.line, error.reason, path);
    throw error;
  }
}

function saveConfig(path: string, config: Config, view: View): string {
  const { delayMs, options } = view;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, formatConfig({ ...config, delayMs, cpuFieldOrder: options.fieldOrder }));
    return `Written to ${path}`;
  } catch (error) {
    return `Not written: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function written(output: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, error => (error ? reject(error) : resolve()));
  });
}
