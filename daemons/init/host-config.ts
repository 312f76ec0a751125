import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { InitError } from './init-error.js';

/** DIR/host.json: what the first boot chose. Keys that init does not know stay in it. */
export interface HostConfig {
  hostUuid: string;
  portOffset: number | undefined;
  bind: string | undefined;
  [other: string]: unknown;
}

/** @throws InitError BadFile */
export function readHostConfig(path: string): HostConfig {
  if (!existsSync(path)) return { hostUuid: randomUUID(), portOffset: undefined, bind: undefined };
  const found = parse(path);
  const { hostUuid, portOffset, bind } = found;
  const refuse = (reason: string): never => {
    throw new InitError('BadFile', { path, reason });
  };
  if (typeof hostUuid !== 'string') return refuse('hostUuid is missing');
  if (portOffset !== undefined && !(typeof portOffset === 'number' && Number.isInteger(portOffset)))
    return refuse('portOffset is no whole number');
  if (bind !== undefined && typeof bind !== 'string') return refuse('bind is no text');
  return { ...found, hostUuid, portOffset, bind };
}

export function writeHostConfig(path: string, config: HostConfig): void {
  writeDurably(path, `${JSON.stringify(config, null, 2)}\n`, 0o644);
}

/** All or nothing, also when the machine loses power. */
export function writeDurably(path: string, text: string, mode: number): void {
  const fresh = `${path}.new`;
  const fd = openSync(fresh, 'w', mode);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, path);
}

function parse(path: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) return { ...found };
  } catch (error) {
    throw new InitError('BadFile', { path, reason: String(error) });
  }
  throw new InitError('BadFile', { path, reason: 'no JSON object' });
}
