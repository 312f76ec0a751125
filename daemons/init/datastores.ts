import { existsSync, readFileSync } from 'node:fs';
import { InitError } from './init-error.js';

/** A datastore as the VMkernel writes it to DIR/run/vmkernel/datastores.json at its start. */
export interface Datastore {
  /** 8hex-8hex */
  volume: string;
  label: string;
  /** The folder on the machine. */
  path: string;
}

/** @throws InitError BadFile */
export function readDatastores(path: string): Datastore[] {
  if (!existsSync(path)) return [];
  const found: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const list = Array.isArray(found) ? found : [];
  return list.map(entry => {
    if (isDatastore(entry)) return { volume: entry.volume, label: entry.label, path: entry.path };
    throw new InitError('BadFile', { path, reason: 'an entry is no {volume, label, path}' });
  });
}

function isDatastore(value: unknown): value is Datastore {
  if (typeof value !== 'object' || value === null) return false;
  const { volume, label, path } = value as Partial<Record<keyof Datastore, unknown>>;
  return (
    typeof volume === 'string' &&
    /^[0-9a-f]{8}-[0-9a-f]{8}$/.test(volume) &&
    typeof label === 'string' &&
    /^[^/\0]{1,80}$/.test(label) &&
    !/^\.\.?$/.test(label) &&
    typeof path === 'string' &&
    path.startsWith('/')
  );
}
