import { posix } from 'node:path';
import type { DatastoreFiles } from '../../kernel/client/index.js';

const KEPT_LOGS = 6;
const OLD_LOG = /^vmware-(\d+)\.log$/;

/** Renames the last run's vmware.log to vmware-N.log and removes all but the newest six. @returns the new log's path */
export async function rotateLogs(files: DatastoreFiles, folder: string): Promise<string> {
  const path = posix.join(folder, 'vmware.log');
  const names = (await files.list(folder)).map(entry => entry.name);
  if (!names.includes('vmware.log')) return path;
  const numbers = names.flatMap(name => {
    const match = OLD_LOG.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
  const next = Math.max(-1, ...numbers) + 1;
  await files.rename(path, posix.join(folder, `vmware-${next}.log`));
  for (const old of numbers.filter(n => n <= next - KEPT_LOGS))
    await files.remove(posix.join(folder, `vmware-${old}.log`));
  return path;
}
